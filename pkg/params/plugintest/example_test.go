package plugintest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/plugintest"
)

// The plugin of the examples, as it is in the author's main.go.

type shoutParams struct {
	Text string `otai:"text,required" doc:"What to say."`
}

func shout(_ context.Context, p shoutParams, _ api.Scope) (api.PipeResult, error) {
	if p.Text == "" {
		return api.Failure("there is nothing to say"), nil
	}
	return api.Success(map[string]any{"value": strings.ToUpper(p.Text)}), nil
}

type echoParams struct {
	Word string `otai:"word" default:"hello" doc:"What to answer."`
}

type echo struct{ word string }

func newEcho(p echoParams, h api.Host) (*echo, error) {
	if name, ok := h.Env("ECHO_NAME"); ok {
		p.Word += " " + name
	}
	return &echo{p.Word}, nil
}

func (e *echo) Answer() string { return e.word }

type twiceParams struct {
	Do api.ChildPipe `otai:"do,required" doc:"What to do twice."`
}

func twice(ctx context.Context, p twiceParams, scope api.Scope) (api.PipeResult, error) {
	if result, err := p.Do.Run(ctx, scope); err != nil || result.Failed() {
		return result, err
	}
	return p.Do.Run(ctx, scope)
}

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-shout", Version: "1.0.0", API: ">=1.0.0 <2", Description: "Says things loudly."},
		api.NewService("EchoService", "Answers with a word.", newEcho),
		api.NewPipeFunc("ShoutPipe", "Yields a text in capitals.", shout).WithLabel("yields", "value:text"),
		api.NewPipeFunc("TwicePipe", "Runs a pipe twice.", twice).WithLabel("children", "separate"),
	)
}

// The author's main_test.go has this test. It checks the plugin as a whole, then each
// of its services and pipes.
func TestConformance(t *testing.T) {
	plugintest.Run(
		t, CreatePlugin,
		plugintest.Live(), // it needs nothing that is not here
		plugintest.Params("ShoutPipe", map[string]any{"text": "hello"}),
		plugintest.Params("TwicePipe", map[string]any{"do": plugintest.Child("step", api.Success(nil))}),
	)
}

func ExampleRun() {
	fmt.Println("passed:", passes(TestConformance))
	// Output: passed: true
}

// A pipe is run once, with params as a configuration gives them.
func ExamplePipe() {
	fmt.Println("passed:", passes(func(t *testing.T) {
		pipe := plugintest.Find(t, CreatePlugin, "ShoutPipe")
		result, err := plugintest.Pipe(t, pipe, map[string]any{"text": "hello"}, api.Scope{})
		fmt.Println(result.Status, result.Data["value"], err)

		_, err = plugintest.Pipe(t, pipe, map[string]any{"test": "hello"}, api.Scope{})
		fmt.Println(err)
	}))
	// Output:
	// succeeded HELLO <nil>
	// text: is required
	// test: unknown key (did you mean "text"?)
	// passed: true
}

// A service is built and started, and closed at the end of the test.
func ExampleService() {
	fmt.Println("passed:", passes(func(t *testing.T) {
		service := plugintest.Find(t, CreatePlugin, "EchoService")
		built := plugintest.Service(t, service, nil, plugintest.Env(map[string]string{"ECHO_NAME": "Ada"}))
		fmt.Println(built.(interface{ Answer() string }).Answer())
	}))
	// Output:
	// hello Ada
	// passed: true
}

// A composite gets child pipes that return what the test wants.
func ExampleChild() {
	fmt.Println("passed:", passes(func(t *testing.T) {
		pipe := plugintest.Find(t, CreatePlugin, "TwicePipe")
		child := plugintest.Child("step", api.Failure("not today"))
		result, err := plugintest.Pipe(t, pipe, map[string]any{"do": child}, api.Scope{})
		fmt.Println(result.Status, result.Message, err)
	}))
	// Output:
	// failed not today <nil>
	// passed: true
}
