package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"github.com/open-ticket-ai/otai/internal/config"
)

// newLogger returns the logger for a configuration and what closes its file.
// Lines are for people on a terminal and JSON otherwise.
func newLogger(s Settings, c config.Logging, r *Redactor) (*slog.Logger, io.Closer, error) {
	level, err := parseLevel(firstSet(s.LogLevel, c.Level, "info"))
	if err != nil {
		return nil, nil, err
	}
	var out io.Writer = s.Stderr
	switch format := firstSet(s.LogFormat, c.Format, "auto"); {
	case format == "console", format == "auto" && isTerminal(s.Stderr):
		out = console{zerolog.ConsoleWriter{Out: s.Stderr, TimeFormat: time.DateTime, NoColor: !s.colors(), FormatPrepare: forPeople}}
	case format != "json" && format != "auto":
		return nil, nil, fmt.Errorf("the log format %q is none of auto, json, console", format)
	}
	closer := io.Closer(io.NopCloser(nil))
	if c.LogToFile && c.LogFilePath != "" {
		file, err := openLogFile(s.abs(c.LogFilePath))
		if err != nil {
			return nil, nil, fmt.Errorf("opening the log file that infrastructure.logging.log_file_path names: %w", err)
		}
		out, closer = zerolog.MultiLevelWriter(out, file), file
	}
	logger := zerolog.New(r.Writer(out)).Level(level).With().Timestamp().Logger()
	return slog.New(grouped{Handler: zerolog.NewSlogHandler(logger)}), closer, nil
}

// console shows the fields of a line in the order in which they were written.
type console struct{ zerolog.ConsoleWriter }

func (c console) Write(line []byte) (int, error) {
	c.FieldsOrder = fieldNames(line)
	return c.ConsoleWriter.Write(line)
}

// fieldNames are those of a line of JSON, in their order.
func fieldNames(line []byte) []string {
	d := json.NewDecoder(bytes.NewReader(line))
	if _, err := d.Token(); err != nil {
		return nil
	}
	var names []string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return names
		}
		names = append(names, Visible(fmt.Sprint(name)))
		if err := d.Decode(new(json.RawMessage)); err != nil {
			return names
		}
	}
	return names
}

// colors is true where log lines may have them: on a terminal that can show them,
// unless the user wants none.
func (s Settings) colors() bool {
	kind := s.env("TERM")
	return isTerminal(s.Stderr) && kind != "" && kind != "dumb" && s.env("NO_COLOR") == ""
}

// forPeople leaves out what a line's path, the place in the configuration, tells
// already, and makes visible what others wrote.
func forPeople(line map[string]any) error {
	if path, _ := line["path"].(string); path != "" {
		delete(line, "plugin")
		delete(line, "use")
	}
	// zerolog quotes fields that are texts, and writes all else as it is.
	for name, value := range line {
		_, isText := value.(string)
		if !isText || name == zerolog.MessageFieldName || name == zerolog.LevelFieldName || name == zerolog.TimestampFieldName {
			value = visibleValue(value)
		}
		delete(line, name)
		line[Visible(name)] = value
	}
	return nil
}

func parseLevel(name string) (zerolog.Level, error) {
	switch name = strings.ToLower(name); name {
	case "warning":
		return zerolog.WarnLevel, nil
	case "critical":
		return zerolog.ErrorLevel, nil
	case "off", "none":
		return zerolog.Disabled, nil
	}
	level, err := zerolog.ParseLevel(name)
	if err != nil {
		return 0, fmt.Errorf("the log level %q is none of trace, debug, info, warn, error, off", name)
	}
	return level, nil
}

func firstSet(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
