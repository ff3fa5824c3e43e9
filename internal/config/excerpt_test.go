package config_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config"
)

func TestAnExcerptShowsNoSecret(t *testing.T) {
	for name, line := range map[string]string{
		"as the only key":           `  password: hunter22`,
		"after other keys":          `h: {base_url: "http://x", password: hunter22, nope: 1}`,
		"in double quotes":          `h: {"password": "hunter\" hunter22", x: 1`,
		"in single quotes":          `h: {api_token: 'hunter22 hunter22', x: 1`,
		"in quotes that don't end":  `h: {x: 1, password: "hunter22 hunter22`,
		"with nothing after it":     `h: {x: 1, client_secret: hunter22`,
		"in a list":                 `api_keys: [hunter22, "x"]`,
		"in a list within brackets": `h: {x: 1, api_token: ["a", hunter22], y: 1}`,
		"behind a wrong bracket":    `h: {x: 1, password: ] "hunter22" }`,
		"with quotes in it":         `h: {x: 1, password: "a"hunter22"}`,
		"with an anchor":            `h: {x: 1, password: &a hunter22, y: *a}`,
		"with spaces":               `h: {x: 1, password: my hunter22, y: 1}`,
		"with a colon":              `password: x: hunter22`,
		"without space after colon": `h: {"x":1,"password":"hunter22"}`,
		"with a letter missing":     `  pasword: "hunter22"`,
		"with letters swapped":      `  passwrod: hunter22`,
		"with a wrong letter":       `  api-tokan: hunter22`,
		"with two mistakes":         `  PASWORT: hunter22`,
		"as a part of a key":        `  client_secrt: hunter22`,
		"with a separator":          `  pass-word: hunter22`,
		"in short":                  `  db_pw: hunter22`,
	} {
		t.Run(name, func(t *testing.T) {
			p := config.Problem{File: "f", Line: 1, Column: 2}
			got := p.Excerpt([]config.Source{{Name: "f", Data: []byte(line + "\n")}})
			if strings.Contains(got, "hunter22") || !strings.Contains(got, "***") {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestAnExcerptShowsWhatIsNoSecret(t *testing.T) {
	for _, line := range []string{"  max_tokens: 512", "  tokenizer: fast", "  secure: true", "  section: 1", "  path: /x", "  passenger: x", "  power: 3"} {
		p := config.Problem{File: "f", Line: 1, Column: 2}
		if got := p.Excerpt([]config.Source{{Name: "f", Data: []byte(line)}}); !strings.Contains(got, line) {
			t.Errorf("%q is shown as %q", line, got)
		}
	}
}

func TestAnExcerptOfALongLineShowsThePlaceOnly(t *testing.T) {
	line := strings.Repeat("ä", 5000) + "HERE" + strings.Repeat("ö", 5000)
	for column, want := range map[int]string{1: "ä", 5001: "HERE", 10_004: "ö"} {
		p := config.Problem{File: "f", Line: 1, Column: column}
		got := p.Excerpt([]config.Source{{Name: "f", Data: []byte(line)}})
		shown, caret, _ := strings.Cut(got, "\n")
		if utf8.RuneCountInString(shown) > 250 {
			t.Errorf("column %d: %d characters are shown", column, utf8.RuneCountInString(shown))
		}
		at := strings.Index(caret, "^") // what is before it is ASCII
		if below := string([]rune(shown)[at:]); !strings.HasPrefix(below, want) {
			t.Errorf("column %d: the caret stands below %.8q, want %q", column, below, want)
		}
	}
}
