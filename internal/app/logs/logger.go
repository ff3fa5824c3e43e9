package logs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"github.com/open-ticket-ai/otai/internal/app/visible"
)

// Options say what is logged, how and where.
type Options struct {
	Level  string // "" is info
	Format string // auto, json or console; "" is auto
	Stderr io.Writer
	Stdout *os.File // to which a file such as /dev/stdout leads; nil: os.Stdout
	Colors bool     // on a terminal
	// Journal is that of [systemd.JournalVariable]; "": there is none.
	Journal string
	File    string                    // absolute path, "" for none
	Redact  func(io.Writer) io.Writer // takes the secrets out of each line
}

// New returns a logger and what closes its file. Lines are for people on a terminal and
// JSON otherwise.
func New(o Options) (*slog.Logger, io.Closer, error) {
	level, err := parseLevel(o.Level)
	if err != nil {
		return nil, nil, err
	}
	form := func(out io.Writer) io.Writer { return out }
	switch o.Format {
	case "console":
		form = o.console
	case "auto", "":
		if isTerminal(o.Stderr) {
			form = o.console
		}
	case "json":
	default:
		return nil, nil, fmt.Errorf("the log format %q is not one of auto, json, console", o.Format)
	}
	closer, file := io.Closer(io.NopCloser(nil)), io.Discard
	if o.File != "" {
		others := slog.New(zerolog.NewSlogHandler(zerolog.New(o.sink(form, io.Discard)).Level(level).With().Timestamp().Logger()))
		opened, err := openRenamed(o.File, cmp.Or(o.Stdout, os.Stdout), func(err error) {
			if err == nil {
				others.Info("the log file can be written again")
				return
			}
			others.Error("the log file can't be written, and lacks lines from here on: make room on its disk; it goes on by itself", "err", err)
		})
		if err != nil {
			return nil, nil, fmt.Errorf("opening the log file that infrastructure.logging.log_file_path names: %w; make its folder, writable for the user that runs otai, or name another file", err)
		}
		file, closer = opened, opened
	}
	logger := zerolog.New(o.sink(form, file)).Level(level).With().Timestamp().Logger()
	return slog.New(grouped{Handler: zerolog.NewSlogHandler(logger)}), closer, nil
}

func (o Options) console(out io.Writer) io.Writer {
	return console{zerolog.ConsoleWriter{Out: out, TimeFormat: time.DateTime, NoColor: !o.Colors || !isTerminal(o.Stderr), FormatPrepare: forPeople}}
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
		names = append(names, visible.Line(fmt.Sprint(name)))
		if err := d.Decode(new(json.RawMessage)); err != nil {
			return names
		}
	}
	return names
}

// forPeople leaves out what a line's path, the place in the configuration, says
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
			value = visible.Value(value)
		}
		delete(line, name)
		line[visible.Line(name)] = value
	}
	return nil
}

func parseLevel(name string) (zerolog.Level, error) {
	switch name = strings.ToLower(name); name {
	case "":
		return zerolog.InfoLevel, nil
	case "warning":
		return zerolog.WarnLevel, nil
	case "critical":
		return zerolog.ErrorLevel, nil
	case "off", "none":
		return zerolog.Disabled, nil
	}
	level, err := zerolog.ParseLevel(name)
	if err != nil {
		return 0, fmt.Errorf("the log level %q is not one of trace, debug, info, warn, error, off", name)
	}
	return level, nil
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
