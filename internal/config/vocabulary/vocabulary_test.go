package vocabulary_test

import (
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
)

func TestAKeyIsTakenForTheOneThatIsMissing(t *testing.T) {
	for _, c := range []struct {
		key   string
		known []string
		given map[string]any
		want  string
	}{
		{"parms", vocabulary.PipeKeys, nil, "params"},
		{"parms", vocabulary.PipeKeys, map[string]any{"params": nil}, "params"}, // though it is given
		{"Trigger", vocabulary.RunnerKeys, nil, "on"},
		{"interval", []string{"interval", "on"}, map[string]any{"interval": 1}, "on"},
		{"“use”", vocabulary.PipeKeys, nil, "use"},
		{"frobnicate", vocabulary.PipeKeys, nil, ""},
	} {
		if got := vocabulary.Meant(c.key, c.known, c.given); got != c.want {
			t.Errorf("%q is taken for %q, want %q", c.key, got, c.want)
		}
	}
}

func TestAKeyOfAPipeFitsByItsValue(t *testing.T) {
	for _, c := range []struct {
		key   string
		value any
		want  string
	}{
		{"user", "bob", ""},
		{"user", "base:CompositePipe", "use"},
		{"inject", map[string]any{}, "injects"},
		{"inject", "desk", ""},
	} {
		if got := vocabulary.PipeKeyMeant(c.key, vocabulary.PipeKeys, map[string]any{c.key: c.value}); got != c.want {
			t.Errorf("%s: %v is taken for %q, want %q", c.key, c.value, got, c.want)
		}
	}
}

func TestAHintRecommendsNothingThatIsGiven(t *testing.T) {
	if got := vocabulary.KeyHint("parms", vocabulary.PipeKeys, map[string]any{"params": 1}); got != "params: is given already, so remove one of the two" {
		t.Errorf("got %q", got)
	}
}
