package app

import (
	"io"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/redact"
)

// Redactor replaces the secrets that it was told in all that passes it.
type Redactor struct{ redact.Set }

func (r *Redactor) addAll(secrets []string) {
	for _, secret := range secrets {
		r.Add(secret)
	}
}

// Writer returns a writer to w for a logger, without secrets. Each Write is one line.
func (r *Redactor) Writer(w io.Writer) io.Writer { return redactingWriter{redactor: r, w: w} }

type redactingWriter struct {
	redactor *Redactor
	w        io.Writer
}

func (w redactingWriter) Write(p []byte) (int, error) {
	if _, err := w.w.Write(w.redactor.Log(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// env is a lookup of environment variables whose secrets r learns.
func (r *Redactor) env(lookup func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := lookup(name)
		if ok && config.SecretName(name) && !isSwitch(value) {
			r.Add(value)
		}
		return value, ok
	}
}

// isSwitch is for variables such as HF_HUB_DISABLE_IMPLICIT_TOKEN, whose value is no
// secret and would be blanked out everywhere.
func isSwitch(value string) bool {
	switch strings.ToLower(value) {
	case "true", "false":
		return true
	}
	return false
}
