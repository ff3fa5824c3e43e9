package base

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// child is a pipe that answers always the same.
func child(id string, r api.PipeResult, err error) api.ChildPipe {
	return api.NewChildPipe(id, "t:"+id, func(context.Context, api.Scope) (api.PipeResult, error) { return r, err })
}

func ok(value any) api.PipeResult { return api.Success(map[string]any{"value": value}) }

func TestComposite(t *testing.T) {
	down := errors.New("the help desk is down")
	for name, c := range map[string]struct {
		steps   []api.ChildPipe
		status  api.Status
		message string
		data    map[string]any
		err     error
	}{
		"without steps it succeeds":              {nil, api.Succeeded, "", map[string]any{}, nil},
		"data of later steps wins":               {[]api.ChildPipe{child("a", ok(1), nil), child("b", ok(2), nil)}, api.Succeeded, "", map[string]any{"value": 2}, nil},
		"a failed step ends it, and it succeeds": {[]api.ChildPipe{child("a", ok(1), nil), child("b", api.Failure("no tickets"), nil), child("c", ok(3), nil)}, api.Succeeded, "stopped at b: no tickets", map[string]any{"value": 1}, nil},
		"a skipped step counts as nothing":       {[]api.ChildPipe{child("a", api.Skip("not due"), nil), child("b", ok(2), nil)}, api.Succeeded, "not due", map[string]any{"value": 2}, nil},
		"all skipped is skipped":                 {[]api.ChildPipe{child("a", api.Skip("x"), nil), child("b", api.Skip("y"), nil)}, api.Skipped, "x; y", map[string]any{}, nil},
		"an error is an error":                   {[]api.ChildPipe{child("a", api.PipeResult{}, down)}, "", "", nil, down},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := composite(t.Context(), compositeParams{Steps: c.steps}, api.Scope{})
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if got.Status != c.status || got.Message != c.message {
				t.Errorf("got %q %q, want %q %q", got.Status, got.Message, c.status, c.message)
			}
			if diff := cmp.Diff(c.data, got.Data); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAStepOfACompositeSeesTheResultsBeforeIt(t *testing.T) {
	var seen []string
	look := api.NewChildPipe("look", "t:look", func(_ context.Context, s api.Scope) (api.PipeResult, error) {
		r, ok := s.Result("a")
		seen = append(seen, fmt.Sprint(r.Data["value"], ok))
		return api.Success(nil), nil
	})
	if _, err := composite(t.Context(), compositeParams{Steps: []api.ChildPipe{look, child("a", ok(7), nil), look}}, api.Scope{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"<nil> false", "7 true"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestTheRunnerRunsOnlyWhenItsTriggerSucceeds(t *testing.T) {
	for name, c := range map[string]struct {
		on   api.ChildPipe
		want api.PipeResult
	}{
		"a trigger that succeeds":        {child("on", ok(nil), nil), ok("ran")},
		"a trigger that fails is a skip": {child("on", api.Failure("Interval not reached yet."), nil), api.Skip("the trigger on did not succeed: Interval not reached yet.")},
		"a trigger that skips is a skip": {child("on", api.Skip("later"), nil), api.Skip("the trigger on did not succeed: later")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := runWhenTriggered(t.Context(), runnerParams{On: c.on, Run: child("run", ok("ran"), nil)}, api.Scope{})
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != c.want.Status || got.Message != c.want.Message || !cmp.Equal(got.Data, c.want.Data) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestTheRunnersChildrenSeeItsParamsOverThoseOfItsParent(t *testing.T) {
	var parent map[string]any
	look := api.NewChildPipe("look", "t:look", func(_ context.Context, s api.Scope) (api.PipeResult, error) {
		parent = s.Enter(nil).ParentParams()
		return api.Success(nil), nil
	})
	scope := api.Scope{}.Enter(map[string]any{"threshold": 0.8, "queue": "Raw"}).Enter(map[string]any{"queue": "IT"})
	if _, err := runWhenTriggered(t.Context(), runnerParams{On: child("on", ok(nil), nil), Run: look}, scope); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"threshold": 0.8, "queue": "IT"}, parent); diff != "" {
		t.Error(diff)
	}
}

func TestTheIntervalTrigger(t *testing.T) {
	const interval = 10 * time.Second
	for name, c := range map[string]struct {
		options  Options
		interval time.Duration
		want     string // one sign per look, 4 s apart
	}{
		"first succeeds after one interval":      {Options{}, interval, "---+--+--+"},
		"succeeds at once on request":            {Options{FireAtOnce: true}, interval, "+--+--+--+"},
		"without an interval it always succeeds": {Options{}, 0, "++++++++++"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				trigger, err := c.options.newIntervalTrigger(api.Host{})
				if err != nil {
					t.Fatal(err)
				}
				var got string
				for range 10 {
					r, err := trigger.Process(t.Context(), intervalParams{Interval: c.interval}, api.Scope{})
					if err != nil {
						t.Fatal(err)
					}
					got += map[bool]string{true: "+", false: "-"}[r.Succeeded()]
					time.Sleep(4 * time.Second)
				}
				if got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		})
	}
}

func TestTheOrchestratorGoesOnAfterAFailedStep(t *testing.T) {
	ran := 0
	count := api.NewChildPipe("c", "t:c", func(context.Context, api.Scope) (api.PipeResult, error) { ran++; return api.Success(nil), nil })
	if _, err := orchestrate(t.Context(), orchestratorParams{Steps: []api.ChildPipe{child("a", api.Failure("no"), nil), count}}, api.Scope{}); err != nil {
		t.Fatal(err)
	}
	if ran != 1 {
		t.Errorf("the step after the failed one ran %d times", ran)
	}
}

// tickets is a ticket system that answers every write with err.
type tickets struct {
	api.TicketSystem
	found   []api.Ticket
	err     error
	updates []api.TicketUpdate
	notes   []api.Note
}

func (s *tickets) FindTickets(context.Context, api.SearchCriteria) ([]api.Ticket, error) {
	return s.found, s.err
}

func (s *tickets) UpdateTicket(_ context.Context, _ string, u api.TicketUpdate) error {
	s.updates = append(s.updates, u)
	return s.err
}

func (s *tickets) AddNote(_ context.Context, _ string, n api.Note) error {
	s.notes = append(s.notes, n)
	return s.err
}

func TestARejectedWriteIsAResultAndAllElseAnError(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		status  api.Status
		isError bool
	}{
		"done":        {nil, api.Succeeded, false},
		"invalid":     {fmt.Errorf("no such queue: %w", api.ErrInvalid), api.Failed, false},
		"denied":      {fmt.Errorf("no right: %w", api.ErrDenied), api.Failed, false},
		"not found":   {fmt.Errorf("no ticket: %w", api.ErrNotFound), api.Failed, false},
		"down":        {fmt.Errorf("refused: %w", api.ErrTemporary), "", true},
		"unclear":     {fmt.Errorf("EOF: %w", api.ErrUncertain), "", true},
		"some others": {errors.New("what"), "", true},
	} {
		t.Run(name, func(t *testing.T) {
			system := &tickets{err: c.err}
			update, _ := Options{}.newUpdateTicketPipe(api.Host{})
			note, _ := Options{}.newAddNotePipe(api.Host{})
			updated, updateErr := update.Process(t.Context(), updateParams{Ticket: "1", Tickets: system}, api.Scope{})
			noted, noteErr := note.Process(t.Context(), noteParams{Ticket: "1", Tickets: system}, api.Scope{})
			for pipe, got := range map[string]struct {
				r   api.PipeResult
				err error
			}{"update": {updated, updateErr}, "note": {noted, noteErr}} {
				if (got.err != nil) != c.isError || got.r.Status != c.status {
					t.Errorf("%s: got %+v, %v", pipe, got.r, got.err)
				}
			}
		})
	}
}

func TestFetchYieldsAListAlsoWhenThereIsNone(t *testing.T) {
	got, err := fetchTickets(t.Context(), fetchParams{Tickets: &tickets{}}, api.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	if list, ok := got.Data["fetched_tickets"].([]api.Ticket); !ok || list == nil || len(list) != 0 {
		t.Errorf("got %#v", got.Data)
	}
}

// labels is a classifier.
type labels struct{}

func (labels) Classify(context.Context, api.ClassificationRequest) (api.Classification, error) {
	return api.Classification{Label: "VPN", Confidence: 0.9}, nil
}

type backendLabels struct{ labels }

func (backendLabels) Backend(model string) string { return "avx2 of " + model }

func TestAClassificationNamesItsBackendWhereTheClassifierReportsIt(t *testing.T) {
	for _, c := range []struct {
		classifier api.Classifier
		want       string
	}{{labels{}, ""}, {backendLabels{}, "avx2 of m"}} {
		r, err := new(classificationPipe).process(t.Context(), classifyParams{Text: "x", Model: "m", Classifier: c.classifier}, api.Scope{})
		if err != nil || r.Data["label"] != "VPN" || r.Data["backend"] != c.want {
			t.Errorf("%T: %+v, %v; want the backend %q", c.classifier, r, err, c.want)
		}
	}
}

// asked keeps the model that it was asked for, and knows none.
type asked struct{ model string }

func (a *asked) Classify(_ context.Context, r api.ClassificationRequest) (api.Classification, error) {
	a.model = r.Model
	return api.Classification{}, fmt.Errorf("no model %s: %w", r.Model, api.ErrNotFound)
}

// searchedError is about a model that a classifier looked for in some folders.
type searchedError struct{ folders []string }

func (*searchedError) Error() string               { return "no model in any of them" }
func (*searchedError) Unwrap() error               { return api.ErrNotFound }
func (e *searchedError) SearchedFolders() []string { return e.folders }

func TestAFolderThatTheClassifierSearchedIsNotNamedTwice(t *testing.T) {
	pipe := &classificationPipe{folder: "/etc/otai"}
	for folder, want := range map[string]bool{"/etc/otai/org/name": false, "/srv/org/name": true} {
		err := pipe.placed("org/name", fmt.Errorf("classify: %w", &searchedError{[]string{folder}}))
		if got := strings.Contains(err.Error(), "also looked for the folder /etc/otai/org/name"); got != want || !errors.Is(err, api.ErrNotFound) {
			t.Errorf("searched %s: %v", folder, err)
		}
	}
}

func TestAModelsNameCountsFromTheFolderOfItsConfiguration(t *testing.T) {
	folder := t.TempDir()
	for _, file := range []string{"models/queue/config.json", "org/empty/README.md"} {
		path := filepath.Join(folder, filepath.FromSlash(file))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	host := api.NewHost(api.HostOptions{Env: func(name string) (string, bool) { return folder, name == "OTAI_CONFIG_DIR.model_name" }})
	for name, c := range map[string]struct{ want, says string }{
		"./models/queue": {filepath.Join(folder, "models/queue"), "counts from " + folder},
		"../models":      {filepath.Join(filepath.Dir(folder), "models"), "counts from " + folder},
		"models/queue":   {filepath.Join(folder, "models/queue"), ""},
		"org/empty":      {"org/empty", "also looked for the folder " + filepath.Join(folder, "org/empty")},
		"org/name":       {"org/name", "also looked for the folder " + filepath.Join(folder, "org/name")},
		"/models/queue":  {"/models/queue", ""},
		"":               {"", ""},
	} {
		pipe, err := Options{Written: func(string) bool { return true }}.newClassificationPipe(nil)(host)
		if err != nil {
			t.Fatal(err)
		}
		var a asked
		_, err = pipe.Process(t.Context(), classifyParams{Text: "x", Model: name, Classifier: &a}, api.Scope{})
		if a.model != c.want || !errors.Is(err, api.ErrNotFound) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: the classifier is asked for %q, want %q; the error is %v", name, a.model, c.want, err)
		}
		if _, err := new(classificationPipe).process(t.Context(), classifyParams{Text: "x", Model: name, Classifier: &a}, api.Scope{}); a.model != name || err == nil {
			t.Errorf("without a configuration %q becomes %q", name, a.model)
		}
	}
}
