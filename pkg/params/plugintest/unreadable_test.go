package plugintest

import (
	"context"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type nobody struct{ text string }

func (n *nobody) Error() string { return n.text }

func TestAnErrorThatAHostCannotReadBreaksThePromise(t *testing.T) {
	pipe := api.NewPipeFunc("P", "A step.", func(context.Context, struct{}, api.Scope) (api.PipeResult, error) {
		var err *nobody
		return api.PipeResult{}, err
	})
	k := newKit(nil, t.TempDir, []Option{Live()})
	s := &subject{kit: k, injectable: pipe, app: newApp(t.TempDir(), t.TempDir())}
	var f outcome
	s.works(&f)
	if text := strings.Join(f.violations, "\n"); !strings.Contains(text, "an error that a host can't read") || !strings.Contains(text, "nil pointer") {
		t.Errorf("got %q", text)
	}
}
