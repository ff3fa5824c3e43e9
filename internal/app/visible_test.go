package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/open-ticket-ai/otai/internal/config"
)

func TestForeignTextIsShownAndSteersNoTerminal(t *testing.T) {
	for name, c := range map[string]struct{ text, one, lines string }{
		"plain":                       {"Grüße, 世界 🙂", "Grüße, 世界 🙂", "Grüße, 世界 🙂"},
		"escape sequences and a bell": {"\x1b[31mred\a\x7f", `\x1b[31mred\x07\x7f`, `\x1b[31mred\x07\x7f`},
		"C1, which begins them too":   {"a\u009b31m\u0085", `a\x9b31m\x85`, `a\x9b31m\x85`},
		"directions of text":          {"\u202egpj.\u2066x\u200f\u061c", `\u202egpj.\u2066x\u200f\u061c`, `\u202egpj.\u2066x\u200f\u061c`},
		"lines":                       {"a\nb\r\tc\u2028d\u2029", `a\nb\r\tc\u2028d\u2029`, "a\nb\\r\tc\\u2028d\\u2029"},
		"what is no UTF-8":            {"a\x9bb\xff", `a\x9bb\xff`, `a\x9bb\xff`},
		"a mark that can't be seen":   {"\ufeffx\u200by\U000e0001", `\ufeffx\u200by\U000e0001`, `\ufeffx\u200by\U000e0001`},
		"emoji and scripts that join": {"👩\u200d🔬 می\u200cخواهم ❤\ufe0f", "👩\u200d🔬 می\u200cخواهم ❤\ufe0f", "👩\u200d🔬 می\u200cخواهم ❤\ufe0f"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Visible(c.text); got != c.one {
				t.Errorf("one line: %q, want %q", got, c.one)
			}
			if got := VisibleLines(c.text); got != c.lines {
				t.Errorf("lines: %q, want %q", got, c.lines)
			}
		})
	}
}

func TestTheConsoleLogShowsForeignTextAndSteersNoTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const evil = "a\x1b[2J\u009b\u202e\x7f\nb"
		var out bytes.Buffer
		logger, closer, err := newLogger(Settings{Stderr: &out, LogFormat: "console"}, config.Logging{}, &Redactor{})
		if err != nil {
			t.Fatal(err)
		}
		defer closer.Close()
		logger.Info("message "+evil, "key"+evil, "value "+evil, "map", map[string]any{"inner" + evil: []any{evil}}, "error", evil, "plain", "Grüße")
		logger.Log(t.Context(), slog.LevelError, evil)
		text := strings.ReplaceAll(out.String(), "\n", "")
		if strings.ContainsFunc(text, steers) || strings.Count(out.String(), "\n") != 2 {
			t.Errorf("it steers: %q", out.String())
		}
		for _, want := range []string{`message a\x1b[2J\x9b\u202e\x7f\nb`, `keya\x1b`, "Grüße"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in %s", want, text)
			}
		}
	})
}
