package visible

import "testing"

func TestForeignTextIsShownAndSteersNoTerminal(t *testing.T) {
	for name, c := range map[string]struct{ text, one, lines string }{
		"plain":                       {"Grüße, 世界 🙂", "Grüße, 世界 🙂", "Grüße, 世界 🙂"},
		"escape sequences and a bell": {"\x1b[31mred\a\x7f", `\x1b[31mred\x07\x7f`, `\x1b[31mred\x07\x7f`},
		"C1, which begins them too":   {"a\u009b31m\u0085", `a\x9b31m\x85`, `a\x9b31m\x85`},
		"directions of text":          {"\u202egpj.\u2066x\u200f\u061c", `\u202egpj.\u2066x\u200f\u061c`, `\u202egpj.\u2066x\u200f\u061c`},
		"lines":                       {"a\nb\r\tc\u2028d\u2029", `a\nb\r\tc\u2028d\u2029`, "a\nb\\r\tc\\u2028d\\u2029"},
		"what isn't UTF-8":            {"a\x9bb\xff", `a\x9bb\xff`, `a\x9bb\xff`},
		"a mark that can't be seen":   {"\ufeffx\u200by\U000e0001", `\ufeffx\u200by\U000e0001`, `\ufeffx\u200by\U000e0001`},
		"emoji and scripts that join": {"👩\u200d🔬 می\u200cخواهم ❤\ufe0f", "👩\u200d🔬 می\u200cخواهم ❤\ufe0f", "👩\u200d🔬 می\u200cخواهم ❤\ufe0f"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Line(c.text); got != c.one {
				t.Errorf("one line: %q, want %q", got, c.one)
			}
			if got := Lines(c.text); got != c.lines {
				t.Errorf("lines: %q, want %q", got, c.lines)
			}
		})
	}
}
