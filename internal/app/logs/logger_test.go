package logs

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"
)

// unchanged is for a process that knows no secret.
func unchanged(w io.Writer) io.Writer { return w }

func TestTheConsoleLogShowsForeignTextAndSteersNoTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const evil = "a\x1b[2J\u009b\u202e\x7f\nb"
		var out bytes.Buffer
		logger, closer, err := New(Options{Stderr: &out, Format: "console", Redact: unchanged})
		if err != nil {
			t.Fatal(err)
		}
		defer closer.Close()
		logger.Info("message "+evil, "key"+evil, "value "+evil, "map", map[string]any{"inner" + evil: []any{evil}}, "error", evil, "plain", "Grüße")
		logger.Log(t.Context(), slog.LevelError, evil)
		text := strings.ReplaceAll(out.String(), "\n", "")
		if strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }) || strings.Count(out.String(), "\n") != 2 {
			t.Errorf("it steers: %q", out.String())
		}
		for _, want := range []string{`message a\x1b[2J\x9b\u202e\x7f\nb`, `keya\x1b`, "Grüße"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in %s", want, text)
			}
		}
	})
}

func TestALevelOrFormatThatDoesNotExistIsNamedWithThoseThatDo(t *testing.T) {
	for want, o := range map[string]Options{
		`the log level "loud" is not one of trace, debug, info, warn, error, off`: {Level: "loud"},
		`the log format "pretty" is not one of auto, json, console`:               {Format: "pretty"},
	} {
		o.Stderr, o.Redact = io.Discard, unchanged
		if _, _, err := New(o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
