package app

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/open-ticket-ai/otai/internal/app/logs"
	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/systemd"
)

// NewLogger returns the logger for a configuration and what closes its file.
func (s Settings) NewLogger(c config.Logging, r *redactor.Redactor) (*slog.Logger, io.Closer, error) {
	o := logs.Options{
		Level: cmp.Or(s.LogLevel, c.Level), Format: cmp.Or(s.LogFormat, c.Format),
		Stderr: s.Stderr, Colors: s.colors(), Journal: s.env(systemd.JournalVariable), Redact: r.Writer,
	}
	if answer, ok := s.Stdout.(interface{ File() *os.File }); ok {
		o.Stdout = answer.File()
	}
	if c.LogToFile && c.LogFilePath != "" {
		o.File = s.Abs(c.LogFilePath)
	}
	return logs.New(o)
}

// PlainLogger returns the logger of a process that knows no configuration and no secret, for
// what a configuration said of another one. It writes to standard error alone.
func (s Settings) PlainLogger(format, level string) *slog.Logger {
	logger, _, err := s.NewLogger(config.Logging{Format: format, Level: level}, redactor.New(s.Lookup))
	if err != nil { // a wrong flag, which the other process reports
		s.LogFormat, s.LogLevel = "", ""
		logger, _, err = s.NewLogger(config.Logging{}, redactor.New(s.Lookup))
	}
	if err != nil {
		return slog.New(slog.DiscardHandler)
	}
	return logger
}

// colors is true where log lines may have them on a terminal: one that can show them,
// unless the user wants none.
func (s Settings) colors() bool {
	kind := s.env("TERM")
	return kind != "" && kind != "dumb" && s.env("NO_COLOR") == ""
}

// checkLogFile reports whether what is already there can be logged to.
func (a *Setup) checkLogFile() config.Diagnostics {
	c := a.Document.Logging
	if !c.LogToFile || c.LogFilePath == "" {
		return nil
	}
	kind, hint := logs.CheckFile(a.settings.Abs(c.LogFilePath))
	if kind == "" {
		return nil
	}
	return config.Diagnostics{problemAt(a.Document, "infrastructure.logging.log_file_path", config.SeverityError, "bad-value",
		fmt.Sprintf("%s is %s", c.LogFilePath, kind), hint)}
}
