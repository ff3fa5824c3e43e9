package app

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/open-ticket-ai/otai/internal/config"
)

// shortestSecret keeps words like "yes" from being blanked out everywhere.
const shortestSecret = 4

const redacted = "***"

// Redactor replaces the secrets that it was told in all that passes it.
type Redactor struct {
	mu       sync.Mutex
	secrets  []string
	replacer atomic.Pointer[strings.Replacer]
}

// Add keeps a secret out of everything that passes from now on.
func (r *Redactor) Add(secret string) {
	secret = strings.TrimSpace(secret)
	if len(secret) < shortestSecret {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.secrets, secret) {
		return
	}
	r.secrets = append(r.secrets, secret)
	// Longer ones first, so that one secret within another leaves no rest.
	slices.SortFunc(r.secrets, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, s := range r.secrets {
		for _, form := range forms(s) {
			pairs = append(pairs, form, redacted)
		}
	}
	r.replacer.Store(strings.NewReplacer(pairs...))
}

func (r *Redactor) addAll(secrets []string) {
	for _, secret := range secrets {
		r.Add(secret)
	}
}

// forms are the ways in which a secret is written: as it is, as JSON and as Go
// quotes it, in an address, and as base64, which is how HTTP carries a login.
func forms(secret string) []string {
	list := []string{secret}
	for _, form := range []string{
		strings.Trim(strconv.Quote(secret), `"`), strings.Trim(strconv.QuoteToASCII(secret), `"`), url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	} {
		if !slices.Contains(list, form) {
			list = append(list, form)
		}
	}
	var b strings.Builder
	for _, escapeHTML := range []bool{true, false} {
		b.Reset()
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(escapeHTML)
		if e.Encode(secret) == nil {
			if form := strings.Trim(strings.TrimSpace(b.String()), `"`); !slices.Contains(list, form) {
				list = append(list, form)
			}
		}
	}
	return list
}

// Text returns s without secrets.
func (r *Redactor) Text(s string) string {
	if replacer := r.replacer.Load(); replacer != nil {
		return replacer.Replace(s)
	}
	return s
}

// Writer returns a writer to w without secrets. Each Write is taken as whole, as
// those of a logger are.
func (r *Redactor) Writer(w io.Writer) io.Writer { return redactingWriter{redactor: r, w: w} }

type redactingWriter struct {
	redactor *Redactor
	w        io.Writer
}

func (w redactingWriter) Write(p []byte) (int, error) {
	if w.redactor.replacer.Load() == nil {
		return w.w.Write(p)
	}
	if _, err := io.WriteString(w.w, w.redactor.Text(string(p))); err != nil {
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
