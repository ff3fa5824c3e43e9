package logs

import (
	"io"

	"github.com/rs/zerolog"

	"github.com/open-ticket-ai/otai/internal/systemd"
)

// sink is where lines go: to standard error in their form, which is given the priority of their
// level if it is a journal, and to the file.
func (o Options) sink(form func(io.Writer) io.Writer, file io.Writer) io.Writer {
	both := func(stderr io.Writer) io.Writer { return o.Redact(zerolog.MultiLevelWriter(form(stderr), file)) }
	if !systemd.Journal(o.Stderr, o.Journal) {
		return both(o.Stderr)
	}
	with := func(p systemd.Priority) io.Writer { return both(systemd.Prefix(o.Stderr, p)) }
	return journal{with(systemd.Debug), with(systemd.Info), with(systemd.Warning), with(systemd.Error)}
}

// journal has the writers of the priorities.
type journal struct{ debug, info, warning, err io.Writer }

func (j journal) Write(line []byte) (int, error) { return j.info.Write(line) }

// WriteLevel is what zerolog calls.
func (j journal) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	switch {
	case level >= zerolog.NoLevel:
		return j.info.Write(line)
	case level >= zerolog.ErrorLevel:
		return j.err.Write(line)
	case level == zerolog.WarnLevel:
		return j.warning.Write(line)
	case level == zerolog.InfoLevel:
		return j.info.Write(line)
	}
	return j.debug.Write(line)
}
