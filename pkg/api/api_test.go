package api_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type params struct {
	Name string `otai:"name"`
}

type greeter struct{ greeting string }

func (g *greeter) Process(_ context.Context, p params, _ api.Scope) (api.PipeResult, error) {
	return api.Success(map[string]any{"value": g.greeting + " " + p.Name}), nil
}

func TestAServiceIsBuiltFromItsParams(t *testing.T) {
	i := api.NewService("Greeter", "Greets.", func(p params, _ api.Host) (*greeter, error) {
		if p.Name == "" {
			return nil, errors.New("no name")
		}
		return &greeter{greeting: p.Name}, nil
	})
	if i.Params != reflect.TypeFor[params]() || i.Provides != reflect.TypeFor[*greeter]() || i.Instance != nil {
		t.Errorf("described as %+v", i)
	}
	built, err := i.BuildService(&params{Name: "Hello"}, api.Host{})
	if g, ok := built.(*greeter); !ok || g.greeting != "Hello" || err != nil {
		t.Errorf("got %v, %v", built, err)
	}
	if built, err := i.BuildService(&params{}, api.Host{}); built != nil || err == nil {
		t.Errorf("a failed build gives %v, %v, want an untyped nil and the error", built, err)
	}
	for name, wrong := range map[string]any{"nothing": nil, "no pointer": params{}, "another type": &struct{}{}, "a nil pointer": (*params)(nil)} {
		if _, err := i.BuildService(wrong, api.Host{}); err == nil || !strings.Contains(err.Error(), "*api_test.params") {
			t.Errorf("%s as params: %v", name, err)
		}
	}
	if _, _, err := i.BuildPipe(api.Host{}); err == nil {
		t.Error("a service builds a pipe")
	}
}

func TestAPipeKeepsItsInstanceAndGetsParamsAtEachRun(t *testing.T) {
	i := api.NewPipe("Greet", "Greets.", func(api.Host) (*greeter, error) { return &greeter{greeting: "Hello"}, nil })
	instance, run, err := i.BuildPipe(api.Host{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := instance.(*greeter); !ok || i.Instance != reflect.TypeFor[*greeter]() || i.Provides != nil {
		t.Errorf("instance %T, described as %v", instance, i.Instance)
	}
	for _, name := range []string{"you", "all"} {
		r, err := run(t.Context(), &params{Name: name}, api.Scope{})
		if err != nil || r.Data["value"] != "Hello "+name {
			t.Errorf("got %v, %v", r, err)
		}
	}
	if _, err := run(t.Context(), params{}, api.Scope{}); err == nil {
		t.Error("params that are not a pointer are taken")
	}
	if _, err := i.BuildService(&params{}, api.Host{}); err == nil {
		t.Error("a pipe builds a service")
	}
	if _, _, err := api.NewPipeFunc[params]("Nil", "", nil).BuildPipe(api.Host{}); err == nil {
		t.Error("a pipe without a function is built")
	}
	if _, _, err := (api.Injectable{Name: "Literal"}).BuildPipe(api.Host{}); err == nil {
		t.Error("a literal is built")
	}
}

func TestLabelsBelongToTheCopy(t *testing.T) {
	plain := api.NewPipeFunc("P", "", func(context.Context, params, api.Scope) (api.PipeResult, error) { return api.PipeResult{}, nil })
	one := plain.WithLabel("a", "1")
	two := one.WithLabel("b", "2").WithLabel("a", "3")
	if len(plain.Labels) != 0 || len(one.Labels) != 1 || one.Labels["a"] != "1" || two.Labels["a"] != "3" || two.Labels["b"] != "2" {
		t.Errorf("labels %v, %v, %v", plain.Labels, one.Labels, two.Labels)
	}
}

func TestAScopeNeverChanges(t *testing.T) {
	empty := api.Scope{}
	one := empty.WithResult("a", api.Success(nil)).WithParam("p", 1)
	two := one.WithResult("a", api.Failure("no")).WithResult("b", api.Skip("later")).WithParam("p", 2)
	if len(empty.Results()) != 0 || len(empty.Params()) != 0 {
		t.Error("the empty scope changed")
	}
	if r, ok := one.Result("a"); !ok || !r.Succeeded() || one.Params()["p"] != 1 || len(one.Results()) != 1 {
		t.Errorf("the first scope changed: %v", one)
	}
	if r, _ := two.Result("a"); !r.Failed() {
		t.Errorf("the last result of a step counts, got %v", r)
	}
	inner := two.Enter(map[string]any{"q": 3})
	if inner.ParentParams()["p"] != 2 || inner.Params()["q"] != 3 || len(inner.Results()) != 2 || two.ParentParams() != nil {
		t.Errorf("entered %v", inner)
	}
}

func TestResults(t *testing.T) {
	for name, c := range map[string]struct {
		result                     api.PipeResult
		succeeded, failed, skipped bool
	}{
		"the zero result succeeded": {api.PipeResult{}, true, false, false},
		"success":                   {api.Success(nil), true, false, false},
		"failure":                   {api.Failure("%d of %d", 1, 2), false, true, false},
		"skip":                      {api.Skip("not due"), false, false, true},
	} {
		if c.result.Succeeded() != c.succeeded || c.result.Failed() != c.failed || c.result.Skipped() != c.skipped {
			t.Errorf("%s: %+v", name, c.result)
		}
	}
	if got := api.Failure("%d of %d", 1, 2).Message; got != "1 of 2" {
		t.Errorf("message %q", got)
	}
}

func TestAChildThatWasNotConfiguredIsAnError(t *testing.T) {
	if c := (api.ChildPipe{}); !c.IsZero() {
		t.Error("the zero child is not zero")
	} else if _, err := c.Run(t.Context(), api.Scope{}); err == nil {
		t.Error("it runs")
	}
	c := api.NewChildPipe("a", "x:Y", func(context.Context, api.Scope) (api.PipeResult, error) { return api.Skip("ran"), nil })
	if r, err := c.Run(t.Context(), api.Scope{}); c.IsZero() || c.ID() != "a" || c.Use() != "x:Y" || r.Message != "ran" || err != nil {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestTheZeroHostWorks(t *testing.T) {
	var h api.Host
	h.Logger().Info("silent")
	h.Redact("secret")
	if _, ok := h.Env("HOME"); ok || h.Path() != "" || h.App().Separator != "" {
		t.Error("it knows something")
	}
}

func TestErrorsAreRecognizedThroughTheirWraps(t *testing.T) {
	down := errors.New("connection refused")
	retry := fmt.Errorf("find tickets: %w", &api.RetryError{After: time.Minute, Err: down})
	if !errors.Is(retry, api.ErrTemporary) || !errors.Is(retry, down) || errors.Is(retry, api.ErrUncertain) {
		t.Errorf("%v is not what it is", retry)
	}
	for want, err := range map[string]error{
		"queue.name: not found":      &api.FieldError{Field: "queue.name", Err: api.ErrNotFound},
		"2:7: not found":             &api.TemplateError{Line: 2, Column: 7, Err: api.ErrNotFound},
		"no tickets":                 &api.FailError{Message: "no tickets"},
		"the template called fail()": &api.FailError{},
		"x: unknown fault":           &api.FieldError{Field: "x"},
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}

func TestEntity(t *testing.T) {
	for want, e := range map[string]*api.Entity{"": nil, "IT": {ID: "3", Name: "IT"}, "3": {ID: "3"}} {
		if got := e.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if (&api.Entity{}).Validate() == nil || (&api.Entity{ID: "3"}).Validate() != nil {
		t.Error("an entity needs an id or a name, and no more")
	}
}

type single struct{ err error }

func (c single) Classify(_ context.Context, r api.ClassificationRequest) (api.Classification, error) {
	return api.Classification{Label: r.Text}, c.err
}

type batch struct {
	single
	answers int
}

func (c batch) ClassifyBatch(context.Context, []api.ClassificationRequest) ([]api.Classification, error) {
	return make([]api.Classification, c.answers), c.err
}

func TestClassifyAllUsesTheBatchWhereThereIsOne(t *testing.T) {
	failed := errors.New("no model")
	two := []api.ClassificationRequest{{Text: "a"}, {Text: "b"}}
	for name, c := range map[string]struct {
		classifier api.Classifier
		want       []string
		err        string
	}{
		"one after another":       {single{}, []string{"a", "b"}, ""},
		"one that fails":          {single{failed}, nil, "text 1 of 2: no model"},
		"a batch":                 {batch{answers: 2}, []string{"", ""}, ""},
		"a batch of wrong length": {batch{answers: 1}, nil, "answered 1 of 2"},
		"a batch that fails":      {batch{single: single{failed}, answers: 2}, nil, "no model"},
	} {
		got, err := api.ClassifyAll(t.Context(), c.classifier, two)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", name, err, c.err)
		}
		var labels []string
		for _, a := range got {
			labels = append(labels, a.Label)
		}
		if !reflect.DeepEqual(labels, c.want) {
			t.Errorf("%s: got %q, want %q", name, labels, c.want)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := api.ClassifyAll(stopped, single{}, two); !errors.Is(err, context.Canceled) {
		t.Errorf("after a stop: %v", err)
	}
}
