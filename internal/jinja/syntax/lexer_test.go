package syntax

import (
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// Whoever asks before rendering whether a text has a template asks params; the lexer
// decides where tags begin. The two must agree.
func TestTagsBeginWhereParamsSeesATemplate(t *testing.T) {
	pieces := []string{"", "{", "}", "%", "#", "{{", "{%", "{#", "}}", " ", "a", "ä{", "\n", "\\", "{ {", "{\x00{"}
	for _, a := range pieces {
		for _, b := range pieces {
			for _, c := range pieces {
				source := a + b + c
				if got, want := nextTag(source, 0) < len(source), params.HasTemplate(source); got != want {
					t.Errorf("%q: the lexer sees a tag: %t, params: %t", source, got, want)
				}
			}
		}
	}
}
