package plugintest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/plugintest"
)

// The plugin of the example, as it is in the author's main.go.

type shoutParams struct {
	Text string `otai:"text,required" doc:"What to say."`
}

func shout(_ context.Context, p shoutParams, _ api.Scope) (api.PipeResult, error) {
	if p.Text == "" {
		return api.Failure("there is nothing to say"), nil
	}
	return api.Success(map[string]any{"value": strings.ToUpper(p.Text)}), nil
}

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-shout", Version: "1.0.0", API: ">=1.0.0 <2", Description: "Says things loudly."},
		api.NewPipeFunc("ShoutPipe", "Yields a text in capitals.", shout).WithLabel("yields", "value"),
	)
}

// The tests of it, which run here, too.

func TestConformance(t *testing.T) {
	plugintest.Run(t, CreatePlugin, plugintest.Live(), plugintest.Params("ShoutPipe", map[string]any{"text": "hello"}))
}

func TestShout(t *testing.T) {
	pipe := plugintest.Find(t, CreatePlugin, "ShoutPipe")
	for text, want := range map[string]api.Status{"hello": api.Succeeded, "": api.Failed} {
		got, err := plugintest.Pipe(t, pipe, map[string]any{"text": text}, api.Scope{})
		if err != nil || got.Status != want {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}

func ExampleRun() {
	// The author's main_test.go has a function TestConformance with this in it.
	test := func(t *testing.T) {
		plugintest.Run(
			t, CreatePlugin,
			plugintest.Live(), // it needs nothing that is not here
			plugintest.Params("ShoutPipe", map[string]any{"text": "hello"}),
		)
	}
	_ = test
}

func ExamplePipe() {
	// The author's main_test.go has a function TestShout with this in it.
	test := func(t *testing.T) {
		pipe := plugintest.Find(t, CreatePlugin, "ShoutPipe")
		got, err := plugintest.Pipe(t, pipe, map[string]any{"text": "hello"}, api.Scope{})
		if err != nil || got.Data["value"] != "HELLO" {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	_ = test
}
