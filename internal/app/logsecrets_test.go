package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/config"
)

// everyKind logs a secret in every kind of value that a plugin may log.
func everyKind(l *slog.Logger, secret string) {
	type inner struct {
		Demo   string
		Nested map[string][]string
	}
	u := url.URL{Scheme: "https", Host: "x", User: url.UserPassword("a", secret), RawQuery: url.Values{"p": {secret}}.Encode()}
	l = l.With("plugin", "otai-foreign", "info", secret, "demo", 1).WithGroup("group").With("in", secret) // whose messages may hold anything
	l.Info("the "+secret+" is named", "err", fmt.Errorf("outer: %w", errors.Join(errors.New(secret), &url.Error{Op: "Get", URL: u.String(), Err: errors.New("no")})),
		"any", inner{secret, map[string][]string{"demo": {secret}}}, "list", []any{secret, map[string]any{"level": secret}},
		"bytes", json.RawMessage(`{"demo":`+jsonOf(secret)+`}`), "quoted", fmt.Sprintf("%q", secret), "url", &u, "time", time.Now(),
		slog.Group("deep", "demo", secret), "panic", fmt.Sprint(recovered(secret)))
}

func recovered(secret string) (value any) {
	defer func() { value = recover() }()
	panic(fmt.Errorf("a plugin fell over %q", secret))
}

func jsonOf(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

// keysOf are all keys of a JSON document, with how deep they stand.
func keysOf(value any, depth int) (keys []string) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			keys = append(append(keys, fmt.Sprint(depth, key)), keysOf(inner, depth+1)...)
		}
	case []any:
		for _, inner := range v {
			keys = append(keys, keysOf(inner, depth+1)...)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestALogShowsASecretInNoKindOfValueAndKeepsItsKeys(t *testing.T) {
	for _, secret := range []string{"demo", "info", "level", "p@s5", "correct-horse", "two\nlong lines", `Gehe!m "pä$$" +&/<4711>%\€`, "12345678", "true", "time"} {
		for _, format := range []string{"json", "console"} {
			var shown, plain bytes.Buffer
			knows := &redactor.Redactor{}
			knows.Add(secret)
			logger, _, err := (Settings{Stderr: &shown}).NewLogger(config.Logging{Format: format}, knows)
			if err != nil {
				t.Fatal(err)
			}
			everyKind(logger, secret)
			if logger, _, err = (Settings{Stderr: &plain}).NewLogger(config.Logging{Format: format}, &redactor.Redactor{}); err != nil {
				t.Fatal(err)
			}
			everyKind(logger, secret)
			if strings.Count(shown.String(), "***") < 10 {
				t.Errorf("%q: little is masked: %s", secret, shown.String())
			}
			if len(secret) >= 8 && (strings.Contains(shown.String(), secret) || strings.Contains(shown.String(), url.QueryEscape(secret))) {
				t.Errorf("%q is shown: %s", secret, shown.String())
			}
			if format == "console" {
				if !strings.Contains(shown.String(), " INF the *** is named ") || !strings.Contains(shown.String(), "info=*** ") {
					t.Errorf("%q: %s", secret, shown.String())
				}
				continue
			}
			var got, want map[string]any
			if json.Unmarshal(shown.Bytes(), &got) != nil || json.Unmarshal(plain.Bytes(), &want) != nil {
				t.Fatalf("%q: this isn't JSON: %s", secret, shown.String())
			}
			if got["level"] != "info" || got["message"] != "the *** is named" || fmt.Sprint(keysOf(got, 0)) != fmt.Sprint(keysOf(want, 0)) {
				t.Errorf("%q: %s\nwas %s", secret, shown.String(), plain.String())
			}
		}
	}
}

func TestSecretsMayBeLearnedWhileOthersLog(t *testing.T) {
	redactor := &redactor.Redactor{}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 50 {
				secret := fmt.Sprintf("secret-%d-%d-", i, n)
				redactor.Add(secret)
				if got := redactor.Text("a " + secret); got != "a ***" {
					t.Errorf("%q is left as %q", secret, got)
				}
			}
		})
	}
	all.Wait()
}
