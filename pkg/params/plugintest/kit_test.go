package plugintest

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// The good plugin, of which the bad ones differ in one thing.

type clockParams struct {
	Zone    string        `otai:"zone" default:"UTC" doc:"Time zone."`
	Timeout time.Duration `otai:"timeout" default:"5s" doc:"Give up after this."`
}

// clock has a goroutine from Start to Close.
type clock struct {
	stop chan struct{}
	done chan struct{}
}

func newClock(clockParams, api.Host) (*clock, error) {
	return &clock{stop: make(chan struct{}, 1)}, nil
}

func (c *clock) Start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.done = make(chan struct{})
	go func() {
		defer close(c.done)
		<-c.stop
	}()
	return nil
}

func (c *clock) CheckHealth(ctx context.Context) error { return ctx.Err() }

func (c *clock) Close() error {
	if c.done != nil {
		c.stop <- struct{}{}
		<-c.done
		c.done = nil
	}
	return nil
}

type waitParams struct {
	Ticket string          `otai:"ticket_id,required" doc:"Which ticket."`
	Then   []api.ChildPipe `otai:"then" doc:"What to run after it."`
}

func wait(ctx context.Context, p waitParams, scope api.Scope) (api.PipeResult, error) {
	for _, child := range p.Then {
		if r, err := child.Run(ctx, scope); err != nil || !r.Succeeded() {
			return r, err
		}
	}
	return api.Success(map[string]any{"value": p.Ticket}), nil
}

var goodMetadata = api.Metadata{Name: "otai-good", Version: "1.2.0-rc.1", API: ">=1.0.0 <2", Description: "Keeps every promise."}

var (
	goodClock = api.NewService("Clock", "Says what time it is.", newClock)
	goodWait  = api.NewPipeFunc("WaitPipe", "Waits.", wait).WithLabel("example", `{"ticket_id": "7", "then": [{"id": "a", "use": "base:ExpressionPipe"}]}`)
)

func plugin(m api.Metadata, list ...api.Injectable) func(api.AppConfig) api.Plugin {
	return func(api.AppConfig) api.Plugin { return api.NewPlugin(m, list...) }
}

func offering(list ...api.Injectable) func(api.AppConfig) api.Plugin {
	return plugin(goodMetadata, list...)
}

func serviceOf[S any](build func() S) func(api.AppConfig) api.Plugin {
	return offering(api.NewService("Bad", "Is bad.", func(struct{}, api.Host) (S, error) { return build(), nil }))
}

func pipeOf(run func(ctx context.Context) (api.PipeResult, error)) func(api.AppConfig) api.Plugin {
	return offering(api.NewPipeFunc("Bad", "Is bad.", func(ctx context.Context, _ struct{}, _ api.Scope) (api.PipeResult, error) { return run(ctx) }))
}

// building makes a service whose build function does what it should not.
func building(do func(h api.Host)) func(api.AppConfig) api.Plugin {
	return offering(api.NewService("Bad", "Is bad.", func(_ struct{}, h api.Host) (*thing, error) {
		do(h)
		return &thing{}, nil
	}))
}

type thing struct{ name string }

// closer returns one error of answers after the other.
type closer struct{ answers []error }

func (c *closer) Close() error {
	if len(c.answers) == 0 {
		return nil
	}
	err := c.answers[0]
	c.answers = c.answers[1:]
	return err
}

type starter struct{ start func(context.Context) error }

func (s *starter) Start(ctx context.Context) error { return s.start(ctx) }

type sick thing

func (*sick) CheckHealth(context.Context) error { return errors.New("is ill") }

// examineAll runs the promises as Run does, and keeps the violations by name.
// Unless it is impatient, a slow machine makes no difference.
func examineAll(t *testing.T, impatient bool, create func(api.AppConfig) api.Plugin, options ...Option) (violations map[string][]string, skipped map[string]string) {
	t.Helper()
	k := newKit(create, t.TempDir, options)
	k.quick = k.patience
	if impatient {
		k.patience, k.grace, k.quick = 200*time.Millisecond, 50*time.Millisecond, 100*time.Millisecond
	}
	violations, skipped = make(map[string][]string), make(map[string]string)
	for _, p := range k.promises() {
		f := k.examine(p)
		if len(f.violations) > 0 {
			violations[p.name] = f.violations
		}
		if f.skipped != "" {
			skipped[p.name] = f.skipped
		}
	}
	return violations, skipped
}

func TestAGoodPluginKeepsEveryPromise(t *testing.T) {
	Run(t, offering(goodClock, goodWait))
}

func TestAGoodPluginWorksInEarnest(t *testing.T) {
	Run(t, offering(goodClock, goodWait), Live(),
		Params("WaitPipe", map[string]any{"ticket_id": 7, "then": []api.ChildPipe{Child("a", api.Success(nil))}}))
}

func TestABadPluginFailsByTheRightPromise(t *testing.T) {
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	shared := &thing{name: "shared"}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	slow := []string{"has not returned", "belongs in Start", "kit_test.go:"} // what shows only by waiting
	var onceBuilt, fewer, other bool
	t.Setenv("PLUGINTEST_GOOD", "1")
	var child *exec.Cmd

	type paramsWithoutTag struct{ Name string }
	type wrongDefaults struct {
		Level validated `otai:"level" doc:"Level."`
	}
	type needsStore struct {
		Store store `inject:"store" doc:"Where things are."`
	}
	free := make(chan os.Signal, 1)
	signal.Notify(free, syscall.SIGUSR2) // signal.Reset alone doesn't undo an Ignore
	signal.Stop(free)
	for name, c := range map[string]struct {
		create  func(api.AppConfig) api.Plugin
		options []Option
		promise string
		says    string
	}{
		"CreatePlugin returns nil":         {func(api.AppConfig) api.Plugin { return nil }, nil, "CreatePlugin only describes", "returns nil"},
		"CreatePlugin returns a typed nil": {func(api.AppConfig) api.Plugin { return (*nothing)(nil) }, nil, "CreatePlugin only describes", "returns nil"},
		"CreatePlugin panics":              {func(api.AppConfig) api.Plugin { panic("no") }, nil, "CreatePlugin only describes", "panicked: no"},
		"CreatePlugin hangs":               {func(api.AppConfig) api.Plugin { <-never; return nil }, nil, "CreatePlugin only describes", "has not returned"},
		"CreatePlugin ends its goroutine":  {func(api.AppConfig) api.Plugin { runtime.Goexit(); return nil }, nil, "CreatePlugin only describes", "Goexit"},
		"CreatePlugin writes a file":       {once(func(app api.AppConfig) { touch(filepath.Join(app.StateDir, "x")) }), nil, "CreatePlugin only describes", "writes x"},
		"CreatePlugin changes the second time": {func(api.AppConfig) api.Plugin {
			m := goodMetadata
			calls++
			m.Version = fmt.Sprintf("1.0.%d", calls)
			return api.NewPlugin(m, goodClock)
		}, nil, "CreatePlugin answers the same twice", "the metadata is first"},

		"a name without the prefix":      {plugin(with(func(m *api.Metadata) { m.Name = "good" }), goodClock), nil, "the metadata is valid", `the name "good"`},
		"a version of two numbers":       {plugin(with(func(m *api.Metadata) { m.Version = "1.2" }), goodClock), nil, "the metadata is valid", `the version "1.2"`},
		"a constraint of words":          {plugin(with(func(m *api.Metadata) { m.API = "at least 1" }), goodClock), nil, "the metadata is valid", "can't be read"},
		"no description":                 {plugin(with(func(m *api.Metadata) { m.Description = " " }), goodClock), nil, "the metadata is valid", "no description"},
		"nothing is offered":             {offering(), nil, "the names are unique and well-formed", "no service and no pipe"},
		"a name twice":                   {offering(goodClock, goodClock), nil, "the names are unique and well-formed", "twice"},
		"a name with a hyphen":           {offering(api.NewService("My-Clock", "Says what time it is.", newClock)), nil, "the names are unique and well-formed", "My-Clock"},
		"no documentation":               {offering(api.NewService("Bad", "", newClock)), nil, "Bad/is documented", "no documentation"},
		"a literal":                      {offering(api.Injectable{Name: "Bad", Doc: "Is bad."}), nil, "Bad/is made by the contract's functions", "no build function"},
		"params without tags":            {offering(api.NewService("Bad", "Is bad.", func(paramsWithoutTag, api.Host) (*thing, error) { return &thing{}, nil })), nil, "Bad/its params can be described", "neither an otai nor an inject tag"},
		"params that are wrong empty":    {offering(api.NewService("Bad", "Is bad.", func(selfCheckedParams, api.Host) (*thing, error) { return &thing{}, nil })), []Option{Params("Bad", map[string]any{"a": "x"})}, "Bad/its params are read from nothing", "needs a or b"},
		"an example that is not JSON":    {offering(goodClock.WithLabel("example", "zone: UTC")), nil, "Clock/its params are read from the example", "not a JSON object"},
		"an example with a wrong key":    {offering(goodClock.WithLabel("example", `{"zon": 1}`)), nil, "Clock/its params are read from the example", `did you mean "zone"`},
		"a wrong nested example":         {offering(api.NewService("Bad", "Is bad.", func(wrongDefaults, api.Host) (*thing, error) { return &thing{}, nil }).WithLabel("example", `{"level": {"n": -1}}`)), nil, "Bad/its params are read from the example", "is negative"},
		"no example where one is needed": {offering(api.NewPipeFunc("Bad", "Is bad.", wait)), nil, "Bad/its params are read from the example", `give one by plugintest.Params("Bad"`},
		"no service where one is needed": {offering(api.NewService("Bad", "Is bad.", func(needsStore, api.Host) (*thing, error) { return &thing{}, nil })), nil, "Bad/its params are read from the example", `plugintest.Inject("store"`},
		"a service of another type":      {offering(api.NewService("Bad", "Is bad.", func(needsStore, api.Host) (*thing, error) { return &thing{}, nil })), []Option{Inject("store", &thing{})}, "Bad/its params are read from the example", "gives it no Keep"},
		"an interface as the service":    {serviceOf(func() store { return keeper{} }), nil, "Bad/its type is concrete", "return the concrete type"},

		"building panics":              {building(func(api.Host) { panic("no") }), nil, "Bad/is built quickly and without side effects", "panicked: no"},
		"building hangs":               {building(func(api.Host) { <-never }), nil, "Bad/is built quickly and without side effects", "has not returned"},
		"building takes long":          {building(func(api.Host) { time.Sleep(120 * time.Millisecond) }), nil, "Bad/is built quickly and without side effects", "belongs in Start"},
		"building returns nil":         {serviceOf(func() *thing { return nil }), nil, "Bad/is built quickly and without side effects", "returned nil without an error"},
		"building fails":               {offering(api.NewService("Bad", "Is bad.", func(struct{}, api.Host) (*thing, error) { return nil, errors.New("no password") })), nil, "Bad/is built quickly and without side effects", "no password"},
		"building prints":              {building(func(api.Host) { fmt.Println("hello") }), nil, "Bad/is built quickly and without side effects", `writes "hello"`},
		"building logs by slog":        {building(func(api.Host) { slog.Info("hello") }), nil, "Bad/is built quickly and without side effects", `logs "hello"`},
		"building logs by log":         {building(func(api.Host) { log.Print("hello") }), nil, "Bad/is built quickly and without side effects", `logs "hello"`},
		"building replaces the logger": {building(func(api.Host) { slog.SetDefault(slog.New(slog.DiscardHandler)) }), nil, "Bad/is built quickly and without side effects", "changes its process: slog.Default"},
		"building leads package log":   {building(func(api.Host) { log.SetOutput(os.Stderr) }), nil, "Bad/is built quickly and without side effects", "changes its process: log.Writer"},
		"building changes the folder":  {building(func(api.Host) { os.Chdir(os.TempDir()) }), nil, "Bad/is built quickly and without side effects", "changes its process: working directory"},
		"building sets a variable":     {building(func(api.Host) { calls++; os.Setenv("PLUGINTEST_BAD", strconv.Itoa(calls)) }), nil, "Bad/is built quickly and without side effects", "changes its process: environment variable PLUGINTEST_BAD"},
		"building ignores a signal":    {building(func(api.Host) { signal.Ignore(syscall.SIGUSR2) }), nil, "Bad/is built quickly and without side effects", "changes its process: signal SIGUSR2"},
		"building opens a file":        {building(func(api.Host) { opened, _ = os.Open("kit_test.go") }), nil, "Bad/is built quickly and without side effects", "kit_test.go)"},
		"building writes a file":       {building(func(h api.Host) { calls++; touch(filepath.Join(h.App().CacheDir, fmt.Sprint("c", calls))) }), nil, "Bad/is built quickly and without side effects", "into its folder"},

		"building removes a variable":  {building(func(api.Host) { os.Unsetenv("PLUGINTEST_GOOD") }), nil, "Bad/is built quickly and without side effects", "changes its process: environment variable PLUGINTEST_GOOD"},
		"building takes all threads":   {building(func(api.Host) { runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1) }), nil, "Bad/is built quickly and without side effects", "changes its process: GOMAXPROCS"},
		"building replaces the output": {building(func(api.Host) { os.Stdout = nil }), nil, "Bad/is built quickly and without side effects", "changes its process: os.Stdout"},
		"building sets the umask":      {building(func(api.Host) { syscall.Umask(0o37) }), nil, "Bad/is built quickly and without side effects", "changes its process: umask"},
		"building takes the transport": {building(func(api.Host) { http.DefaultTransport.(*http.Transport).Proxy = nil }), nil, "Bad/is built quickly and without side effects", "changes its process: http.DefaultTransport.Proxy"},
		"building starts a process":    {building(func(api.Host) { child = exec.Command("sleep", "30"); _ = child.Start() }), nil, "Bad/is built quickly and without side effects", "changes its process: child process"},
		"building is done once": {offering(api.NewService("Bad", "Is bad.", func(struct{}, api.Host) (*thing, error) {
			if onceBuilt {
				return nil, errors.New("there is one already")
			}
			onceBuilt = true
			return &thing{}, nil
		})), nil, "Bad/is built twice, independently", "and then no more"},
		"less is offered the second time": {func(api.AppConfig) api.Plugin {
			if fewer {
				return api.NewPlugin(goodMetadata)
			}
			fewer = true
			return api.NewPlugin(goodMetadata, goodClock)
		}, nil, "CreatePlugin answers the same twice", "first 1 injectables and then 0"},
		"another is offered the second time": {func(api.AppConfig) api.Plugin {
			if other = !other; other {
				return api.NewPlugin(goodMetadata, goodClock)
			}
			return api.NewPlugin(goodMetadata, goodClock.WithLabel("new", "true"))
		}, nil, "CreatePlugin answers the same twice", "injectable 1"},

		"one instance for all":          {serviceOf(func() *thing { return shared }), nil, "Bad/is built twice, independently", "would share it"},
		"the second Close fails":        {serviceOf(func() *closer { return &closer{[]error{nil, errors.New("closed already")}} }), nil, "Bad/is closed twice, without a start", "the second Close answered"},
		"a Close without a Start fails": {serviceOf(func() *closer { return &closer{[]error{errors.New("not started")}} }), nil, "Bad/is closed twice, without a start", "the first Close answered"},
		"a Start without an end":        {serviceOf(func() *starter { return &starter{func(context.Context) error { <-never; return nil }} }), nil, "Bad/a start that is called off ends soon", "Start has not returned"},
		"a Start that panics":           {serviceOf(func() *starter { return &starter{func(context.Context) error { panic("no") }} }), nil, "Bad/a start that is called off ends soon", "Start panicked: no"},
		"a run without an end":          {pipeOf(func(context.Context) (api.PipeResult, error) { <-never; return api.PipeResult{}, nil }), nil, "Bad/a run that is called off ends soon", "Process has not returned"},
		"a run that panics":             {pipeOf(func(context.Context) (api.PipeResult, error) { panic("no") }), nil, "Bad/a run that is called off ends soon", "Process panicked: no"},
		"a goroutine after a start":     {serviceOf(func() *starter { return &starter{func(context.Context) error { go func() { <-never }(); return nil }} }), nil, "Bad/leaves no goroutine behind", "kit_test.go:"},
		"a goroutine after a run":       {pipeOf(func(context.Context) (api.PipeResult, error) { go func() { <-never }(); return api.PipeResult{}, nil }), nil, "Bad/leaves no goroutine behind", "kit_test.go:"},

		"a service that is not well":   {serviceOf(func() *sick { return &sick{} }), []Option{Live()}, "Bad/works", "is ill"},
		"a run with an error":          {pipeOf(func(context.Context) (api.PipeResult, error) { return api.PipeResult{}, errors.New("down") }), []Option{Live()}, "Bad/works", "down"},
		"data that can't be handed on": {pipeOf(func(context.Context) (api.PipeResult, error) { return api.Success(map[string]any{"f": func() {}}), nil }), []Option{Live()}, "Bad/works", "the result's data"},
		"a status of its own":          {pipeOf(func(context.Context) (api.PipeResult, error) { return api.PipeResult{Status: "great"}, nil }), []Option{Live()}, "Bad/works", `"great" is not a status`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(here)          // for the one that changes it
			was := lookAtProcess() // the kit builds it unwatched, too
			t.Cleanup(func() {
				was.putBack()
				if child != nil {
					_, _ = child.Process.Kill(), child.Wait()
					child = nil
				}
			})
			violations, _ := examineAll(t, slices.ContainsFunc(slow, func(says string) bool { return strings.Contains(c.says, says) }), c.create, c.options...)
			if got := strings.Join(violations[c.promise], "\n"); !strings.Contains(got, c.says) {
				t.Errorf("%s: got %q, want it to say %q", c.promise, got, c.says)
			}
			for _, other := range slices.Sorted(maps.Keys(violations)) {
				if other != c.promise && !follows(other, c.promise) {
					t.Errorf("fails too by %s: %q", other, violations[other])
				}
			}
		})
	}
}

// follows says that one mistake breaks several promises and can't do otherwise.
func follows(other, promise string) bool {
	return promise == "Bad/is made by the contract's functions" && other == "Bad/its params can be described"
}

func TestBuildingMustStartNoGoroutine(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	violations, _ := examineAll(t, true, building(func(api.Host) { go func() { <-never }() }))
	for _, promise := range []string{"Bad/is built quickly and without side effects", "Bad/leaves no goroutine behind"} {
		if got := strings.Join(violations[promise], "\n"); !strings.Contains(got, "leaves a goroutine behind, made by") {
			t.Errorf("%s: %q", promise, got)
		}
	}
}

func TestWhoListensForSignalsIsFound(t *testing.T) {
	listening := make(chan os.Signal, 1)
	defer signal.Stop(listening)
	before := goroutines()
	signal.Notify(listening, syscall.SIGUSR1)
	got := strings.Join(leftBehind(before, 50*time.Millisecond), "\n")
	// The goroutine is there once and for all, so that a second look finds nothing.
	if got != "" && !strings.Contains(got, "signals") {
		t.Error(got)
	}
}

func TestAPromiseThatIsSkippedSaysWhy(t *testing.T) {
	create := serviceOf(func() *closer { return &closer{[]error{errors.New("not started")}} })
	violations, skipped := examineAll(t, false, create, Skip("Bad/is_closed_twice,_without_a_start", "the library does it"))
	if len(violations) > 0 {
		t.Error(violations)
	}
	if got := skipped["Bad/is closed twice, without a start"]; got != "the library does it" {
		t.Errorf("got %q", got)
	}
}

func TestAnOptionThatNothingUsesIsAMistake(t *testing.T) {
	k := newKit(offering(goodClock), t.TempDir, []Option{Skip("Clock/is fast", "it isn't"), Params("Clok", nil), Params("Clock", nil)})
	got := k.unusedOptions(k.promises())
	want := []string{
		`plugintest.Skip("Clock/is fast"): there is no such promise`,
		`plugintest.Params("Clok"): the plugin offers nothing of that name`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestAnExampleWithTemplatesIsReadButNotUsed(t *testing.T) {
	i := api.NewPipeFunc("WaitPipe", "Waits.", wait).WithLabel("example", `{"ticket_id": "{{ get_pipe_result('t').id }}"}`)
	violations, skipped := examineAll(t, false, offering(i))
	if len(violations) > 0 {
		t.Error(violations)
	}
	if got := skipped["WaitPipe/a run that is called off ends soon"]; !strings.Contains(got, "holds templates") {
		t.Errorf("got %q", got)
	}
}

func TestParamsWithoutDocumentationAreANote(t *testing.T) {
	type inner struct {
		A string `otai:"a"`
	}
	type bare struct {
		Steps []inner        `otai:"steps" doc:"Steps."`
		Rest  map[string]any `otai:",rest"`
	}
	k := newKit(offering(api.NewService("Bare", "Is bare.", func(bare, api.Host) (*thing, error) { return &thing{}, nil })), t.TempDir, nil)
	for _, p := range k.promises() {
		if p.name != "Bare/is documented" {
			continue
		}
		f := k.examine(p)
		want := []string{`the param steps[].a has no tag doc:"…"`, `the param (rest) has no tag doc:"…"`}
		if !slices.Equal(f.notes, want) || len(f.violations) > 0 {
			t.Errorf("got %q, %q", f.notes, f.violations)
		}
	}
}

// Helpers of the bad ones.

type nothing struct{}

func (*nothing) Metadata() api.Metadata        { return goodMetadata }
func (*nothing) Injectables() []api.Injectable { return nil }

type store interface{ Keep(string) error }

type keeper struct{}

func (keeper) Keep(string) error { return nil }

type selfCheckedParams struct {
	A string `otai:"a" doc:"One."`
	B string `otai:"b" doc:"Or the other."`
}

func (p *selfCheckedParams) Validate() error {
	if p.A == "" && p.B == "" {
		return errors.New("needs a or b")
	}
	return nil
}

type validated struct {
	N int `otai:"n" doc:"Not negative."`
}

func (v *validated) Validate() error {
	if v.N < 0 {
		return errors.New("is negative")
	}
	return nil
}

var opened *os.File

// once does it at the first call only, so that one promise fails.
func once(do func(api.AppConfig)) func(api.AppConfig) api.Plugin {
	done := false
	return func(app api.AppConfig) api.Plugin {
		if !done {
			done = true
			do(app)
		}
		return api.NewPlugin(goodMetadata, goodClock)
	}
}

func with(change func(*api.Metadata)) api.Metadata {
	m := goodMetadata
	change(&m)
	return m
}

func touch(name string) { os.WriteFile(name, []byte("x"), 0o600) }
