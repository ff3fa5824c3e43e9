package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// messenger is what the pipe needs of a service. Any plugin's service with this
// method can be injected.
type messenger interface {
	Send(ctx context.Context, text string) error
}

type notifyParams struct {
	Text string    `otai:"text,required" min:"1" doc:"The message."`
	Chat messenger `inject:"chat" doc:"Where it is sent."`
}

func notify(ctx context.Context, p notifyParams, _ api.Scope) (api.PipeResult, error) {
	err := p.Chat.Send(ctx, p.Text)
	if errors.Is(err, api.ErrInvalid) {
		return api.Failure("the chat rejected the message: %v", err), nil
	}
	return api.Success(map[string]any{"length": len(p.Text)}), err
}

// A pipe without state is a function: it gets its params, rendered for this run, and
// the scope, and returns a result.
func ExampleNewPipeFunc() {
	pipe := api.NewPipeFunc("NotifyPipe", "Sends a message.", notify).WithLabel("yields", "length:number")

	// What follows is the host's part.
	_, run, err := pipe.BuildPipe(api.Host{})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := run(context.Background(), &notifyParams{Text: "hello", Chat: &chat{channel: "#desk"}}, api.Scope{})
	fmt.Println(result.Status, result.Data["length"], err)
	// Output:
	// #desk hello
	// succeeded 5 <nil>
}

// counter keeps what lasts from run to run. One instance is never run twice at once.
type counter struct{ runs int }

type countParams struct {
	UpTo int `otai:"up_to" default:"2" min:"1" doc:"Fail after this many runs."`
}

func (c *counter) Process(_ context.Context, p countParams, _ api.Scope) (api.PipeResult, error) {
	if c.runs == p.UpTo {
		return api.Failure("ran %d times, which is enough", c.runs), nil
	}
	c.runs++
	return api.Success(map[string]any{"runs": c.runs}), nil
}

// A pipe that remembers something is a type with the method Process. It is built once
// for each place in the configuration.
func ExampleNewPipe() {
	pipe := api.NewPipe("CountPipe", "Counts its runs.", func(api.Host) (*counter, error) { return &counter{}, nil })

	_, run, _ := pipe.BuildPipe(api.Host{})
	for range 3 {
		result, _ := run(context.Background(), &countParams{UpTo: 2}, api.Scope{})
		fmt.Printf("%s %q\n", result.Status, result.Message)
	}
	// Output:
	// succeeded ""
	// succeeded ""
	// failed "ran 2 times, which is enough"
}

// pace is a trigger: a pipe whose success lets a runner's pipe run.
type pace struct{ last time.Time }

type paceParams struct {
	Interval time.Duration `otai:"interval,required" min:"1s" doc:"Time between two runs."`
}

func (t *pace) Process(_ context.Context, p paceParams, _ api.Scope) (api.PipeResult, error) {
	if now := time.Now(); now.Sub(t.last) >= p.Interval {
		t.last = now
		return api.Success(nil), nil
	}
	return api.Failure("the interval isn't over"), nil
}

// A trigger is a pipe whose failed result means "not yet". The label interval names the
// param that bounds how often it succeeds.
func ExampleNewPipe_trigger() {
	trigger := api.NewPipe("PaceTrigger", "Succeeds once per interval.", func(api.Host) (*pace, error) { return &pace{}, nil }).
		WithLabel("interval", "interval")

	_, run, _ := trigger.BuildPipe(api.Host{})
	for range 2 {
		result, _ := run(context.Background(), &paceParams{Interval: time.Hour}, api.Scope{})
		fmt.Printf("%s %q\n", result.Status, result.Message)
	}
	// Output:
	// succeeded ""
	// failed "the interval isn't over"
}

type greetParams struct{}

// The scope has the results of the steps before, the pipe's own params and those of the
// pipe around it.
func ExampleScope() {
	greet := func(_ context.Context, _ greetParams, scope api.Scope) (api.PipeResult, error) {
		ticket, ok := scope.Result("ticket")
		if !ok {
			return api.Skip("no step ticket ran before"), nil
		}
		return api.Success(map[string]any{"text": fmt.Sprint("about ", ticket.Data["subject"], " in ", scope.ParentParams()["queue"])}), nil
	}
	_, run, _ := api.NewPipeFunc("GreetPipe", "Greets.", greet).BuildPipe(api.Host{})

	scope := api.Scope{}.
		WithResult("ticket", api.Success(map[string]any{"subject": "VPN"})).
		WithParam("queue", "Incoming"). // a param of the pipe around it
		Enter(nil)                      // what the host does on the way down
	result, _ := run(context.Background(), &greetParams{}, scope)
	fmt.Println(result.Data["text"])

	result, _ = run(context.Background(), &greetParams{}, api.Scope{})
	fmt.Println(result.Status, strings.ToUpper(result.Message))
	// Output:
	// about VPN in Incoming
	// skipped NO STEP TICKET RAN BEFORE
}
