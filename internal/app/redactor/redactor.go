// Package redactor knows where secrets come from, and keeps them out of what logs and people read.
package redactor

import (
	"io"
	"net/url"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/redact"
)

// Redactor replaces the secrets that it knows in all that passes it. internal/redact says
// how; here is where the secrets come from.
type Redactor struct{ redact.Set }

// New returns a redactor that knows the passwords of the proxies that the
// environment names.
func New(lookup func(name string) (string, bool)) *Redactor {
	r := &Redactor{}
	r.addProxies(lookup)
	return r
}

// AddAll adds all of them.
func (r *Redactor) AddAll(secrets []string) {
	for _, secret := range secrets {
		r.Add(secret)
	}
}

// Writer returns a writer to w for a logger, without secrets. Each Write is one line.
func (r *Redactor) Writer(w io.Writer) io.Writer { return redactingWriter{redactor: r, w: w} }

// constantMessages are the plugins that log nothing but constant texts as the message:
// those that come with otai. A test holds them to it.
var constantMessages = []string{"otai-base", "otai-otobo-znuny", "otai-hf-local"}

type redactingWriter struct {
	redactor *Redactor
	w        io.Writer
}

func (w redactingWriter) Write(p []byte) (int, error) {
	if _, err := w.w.Write(w.redactor.Log(p, constantMessages...)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Env is a lookup of environment variables whose secrets r learns.
func (r *Redactor) Env(lookup func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := lookup(name)
		if ok && secretname.Is(name) && !isSwitch(value) {
			r.Add(value)
		}
		return value, ok
	}
}

// proxyVariables are those of which net/http takes a proxy.
var proxyVariables = []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"}

// addProxies keeps the passwords of proxies that the environment gives out of all.
func (r *Redactor) addProxies(lookup func(string) (string, bool)) {
	for _, name := range proxyVariables {
		address, _ := lookup(name)
		password := config.LoginPassword(address)
		r.Add(password)
		if plain, err := url.PathUnescape(password); err == nil {
			r.Add(plain)
		}
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

// Clean keeps secrets out of an error that people will read.
func (r *Redactor) Clean(err error) error {
	if err == nil {
		return nil
	}
	//messagetext:allow no decision by what it says: whether a secret was in it
	if text := r.Text(err.Error()); text != err.Error() {
		return &cleanError{text: text, err: err}
	}
	return err
}

type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.err }
