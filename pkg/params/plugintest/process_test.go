package plugintest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/params/plugintest"
)

// leaky is a plugin with two mistakes.
func leaky(api.AppConfig) api.Plugin {
	type none struct{}
	type where struct {
		Where string `otai:"where,required" doc:"Where to."`
	}
	return api.NewPlugin(
		api.Metadata{Name: "otai-leaky", Version: "1", API: ">=1.0.0 <2", Description: "Leaks."},
		api.NewPipeFunc("LeakPipe", "Leaks.", func(context.Context, none, api.Scope) (api.PipeResult, error) {
			go func() { select {} }()
			return api.Success(nil), nil
		}),
		api.NewPipeFunc("StorePipe", "Stores.", func(context.Context, where, api.Scope) (api.PipeResult, error) {
			return api.Success(nil), nil
		}).WithLabel("example", `{"where": "here"}`),
	)
}

const asAuthor = "PLUGINTEST_AS_AUTHOR"

// TestLeakyPlugin is what the author of leaky runs. It runs in a process of its
// own, because it fails.
func TestLeakyPlugin(t *testing.T) {
	if os.Getenv(asAuthor) == "" {
		t.Skip("runs within TestTheOutputReadsAsATableOfPromises")
	}
	plugintest.Run(t, leaky)
}

func TestTheOutputReadsAsATableOfPromises(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^TestLeakyPlugin$")
	cmd.Env = append(os.Environ(), asAuthor+"=1")
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
		t.Fatalf("the test of a bad plugin ended with %v:\n%s", err, out)
	}
	for _, line := range []string{
		"--- PASS: TestLeakyPlugin/CreatePlugin_only_describes",
		"--- FAIL: TestLeakyPlugin/the_metadata_is_valid",
		`the version "1" is not a semantic version`,
		"--- PASS: TestLeakyPlugin/LeakPipe/is_built_quickly_and_without_side_effects",
		"--- SKIP: TestLeakyPlugin/StorePipe/its_params_are_read_from_nothing",
		"where is required",
		"--- FAIL: TestLeakyPlugin/LeakPipe/leaves_no_goroutine_behind",
		"leaves a goroutine behind, made by github.com/open-ticket-ai/otai/pkg/params/plugintest_test.leaky",
	} {
		if !strings.Contains(string(out), line) {
			t.Errorf("there is no %q in:\n%s", line, out)
		}
	}
}

type repeatParams struct {
	Times int                      `otai:"times" default:"2" min:"1" doc:"How often."`
	Step  api.ChildPipe            `otai:"step,required" doc:"What to run."`
	Named map[string]api.ChildPipe `otai:"named" doc:"Further ones, which are not run."`
	Desk  api.TicketSystem         `inject:"desk" doc:"Where tickets are."`
}

// repeatPipe runs its child, which sees how often it ran before.
type repeatPipe struct{ host api.Host }

func (r *repeatPipe) Process(ctx context.Context, p repeatParams, scope api.Scope) (api.PipeResult, error) {
	found, err := p.Desk.FindTickets(ctx, api.SearchCriteria{})
	if err != nil {
		return api.PipeResult{}, err
	}
	who, _ := r.host.Env("WHO")
	var ids []string
	for n := range p.Times {
		if _, err := p.Step.Run(ctx, scope.WithParam("n", n)); err != nil {
			return api.PipeResult{}, err
		}
		ids = append(ids, p.Step.ID())
	}
	return api.PipeResult{Data: map[string]any{
		"ids": ids, "who": who, "tickets": found, "times": scope.Params()["times"],
	}}, nil
}

func repeating(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-repeat", Version: "1.0.0", API: ">=1.0.0 <2", Description: "Repeats."},
		api.NewPipe("RepeatPipe", "Runs a pipe several times.", func(h api.Host) (*repeatPipe, error) { return &repeatPipe{h}, nil }),
		api.NewService("Bell", "Rings.", func(p bellParams, h api.Host) (*bell, error) { return &bell{tone: p.Tone, host: h}, nil }),
	)
}

type bellParams struct {
	Tone string `otai:"tone" default:"C" enum:"C,D" doc:"Which tone."`
}

type bell struct {
	tone    string
	host    api.Host
	started int
	closed  int
}

func (b *bell) Start(context.Context) error {
	b.host.Logger().Info("the bell is up", "tone", b.tone)
	b.started++
	return nil
}

func (b *bell) Close() error { b.closed++; return nil }

func TestAPipeIsRunAsByAHost(t *testing.T) {
	pipe := plugintest.Find(t, repeating, "RepeatPipe")
	got, err := plugintest.Pipe(t, pipe, map[string]any{
		"times": "3",
		"step":  plugintest.Child("inner", api.Success(nil)),
		"named": map[string]api.ChildPipe{"x": plugintest.Child("x", api.Success(nil))},
	}, api.Scope{}, plugintest.Env(map[string]string{"WHO": "me"}))
	if err != nil {
		t.Fatal(err)
	}
	ids, _ := got.Data["ids"].([]any)
	tickets, _ := got.Data["tickets"].([]any)
	if got.Status != api.Succeeded || len(ids) != 3 || ids[0] != "inner" || got.Data["who"] != "me" || tickets == nil || got.Data["times"] != int64(3) {
		t.Errorf("got %#v", got)
	}
}

func TestAPipesWrongParamsAreAnError(t *testing.T) {
	_, err := plugintest.Pipe(t, plugintest.Find(t, repeating, "RepeatPipe"), map[string]any{"times": 0, "step": "what"}, api.Scope{})
	var got []string
	for _, d := range params.Diagnostics(err) {
		got = append(got, d.Path.String())
	}
	if strings.Join(got, " ") != "times step" {
		t.Errorf("got %v", err)
	}
}

func TestAServiceIsStartedAndClosed(t *testing.T) {
	var b *bell
	t.Run("in use", func(t *testing.T) {
		b = plugintest.Service(t, plugintest.Find(t, repeating, "Bell"), map[string]any{"tone": "D"}).(*bell)
		if b.tone != "D" || b.started != 1 || b.closed != 0 {
			t.Errorf("got %+v", b)
		}
	})
	if b.closed != 1 {
		t.Errorf("closed %d times", b.closed)
	}
}

func TestAChildHonoursACancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := plugintest.Child("a", api.Success(nil)).Run(ctx, api.Scope{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
