package normalizers

import (
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pattern"
)

// Replace replaces each match.
func Replace(what pattern.Matcher, by string) Normalizer {
	apply := func(text string) string {
		if text == "" {
			return ""
		}
		var out []byte
		done := 0
		what.Each(text, func(begin, end int) {
			out = append(append(out, text[done:begin]...), by...)
			done = end
		})
		if done == 0 && out == nil {
			return text
		}
		return string(append(out, text[done:]...))
	}
	return Normalizer{apply, func(text string, n int) int {
		lead := n
		what.Each(text, func(begin, end int) {
			// What takes the place of a match belongs to its last character.
			switch {
			case end <= n:
				lead += len(by) - (end - begin)
			case begin < n:
				lead -= n - begin
			}
		})
		return lead
	}}
}
