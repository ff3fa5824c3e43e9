package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

func TestTheSupervisorIsSmallAndOpensNothing(t *testing.T) {
	p := start(t, environment(t), "run", "-c", writeFile(t, oneStep))
	eventually(t, "it runs", func() bool { return strings.Contains(p.log.String(), "otai runs") })
	first := workerOf(t, p.cmd.Process.Pid)
	if err := syscall.Kill(first, syscall.SIGSEGV); err != nil { // after which it has read a trace, too
		t.Fatal(err)
	}
	eventually(t, "another worker runs", func() bool { return strings.Count(p.log.String(), "otai runs") == 2 })
	if n := figureOf(p.cmd.Process.Pid, "RssAnon"); n == 0 || n > 10<<10 {
		t.Errorf("it needs %d KiB", n)
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"otai_", "runs.db"} {
		if strings.Contains(string(maps), what) {
			t.Errorf("it has opened %s", what)
		}
	}
	p.stop(t)
}

// TestCyclesGoOnASecondAfterADeath, but for what a start takes; where only its supervisor
// was killed, the worker makes room for the next one.
func TestCyclesGoOnASecondAfterADeath(t *testing.T) {
	t.Parallel()
	for _, v := range victims {
		t.Run(string(v), func(t *testing.T) {
			var starts, comebacks []time.Duration
			for range 3 { // on a busy machine the best of them counts
				w := newWitness(t)
				var mu sync.Mutex
				var first time.Time // request since then
				since := time.Now()
				w.treats(func(q *request) treatment {
					mu.Lock()
					defer mu.Unlock()
					if first.IsZero() && q.Arrived.Sub(since) > underway {
						first = q.Arrived
					}
					return treatment{}
				})
				waited := func() time.Duration {
					eventually(t, "a cycle begins", func() bool { mu.Lock(); defer mu.Unlock(); return !first.IsZero() })
					mu.Lock()
					defer mu.Unlock()
					return first.Sub(since)
				}
				env, config := w.environment(), writeFile(t, rowConfig(1, "timeout: PT5S", moveStep))
				l := live(t, env, "run", "-c", config)
				starts = append(starts, waited())
				if v == theSupervisor {
					v.kill(l.Process)
					<-l.ended // what it does until then is not a cycle of the next one
				}
				mu.Lock()
				first, since = time.Time{}, time.Now()
				mu.Unlock()
				if v != theSupervisor {
					v.kill(l.Process)
				}
				if v != theWorker {
					l = live(t, env, "run", "-c", config)
				}
				comebacks = append(comebacks, waited())
				if v == theSupervisor {
					comebacks[len(comebacks)-1] += l.outlived
				}
				l.end(t)
			}
			row(t, "a cycle after the death of "+string(v), "%v, after a start %v", comebacks, starts)
			if slices.Min(comebacks) > slices.Max(starts)+time.Second {
				t.Errorf("the next cycle began %v after it, a first one %v after a start", comebacks, starts)
			}
		})
	}
}

// TestSIGKILLLeavesNothingBehind is for the worker, the supervisor and both.
func TestSIGKILLLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, kills := range map[string]func(supervisor, worker int){
		"the supervisor": func(supervisor, _ int) { _ = syscall.Kill(supervisor, syscall.SIGKILL) },
		"the worker, then the supervisor": func(supervisor, worker int) {
			_ = syscall.Kill(worker, syscall.SIGKILL)
			_ = syscall.Kill(supervisor, syscall.SIGKILL)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment(t)
			p := start(t, env, "run", "-c", writeFile(t, oneStep))
			eventually(t, "it runs", func() bool { return strings.Contains(p.log.String(), "otai runs") })
			worker := workerOf(t, p.cmd.Process.Pid)
			kills(p.cmd.Process.Pid, worker)
			eventually(t, "the worker has ended", func() bool { return syscall.Kill(worker, 0) != nil })
			// Nothing is locked.
			if out, err := runOtai(t, env, "run", "--once", "-c", writeFile(t, oneStep)); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// exitsWhere is a plugin that ends its process at a moment that its variable names, never in a
// probe.
const exitsWhere = `package main

import (
	"context"
	"os"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func at(moment string) {
	if os.Getenv("EXIT_AT") == moment && os.Args[1] == "run" {
		os.Exit(0)
	}
}

func init() { at("init") }

type params struct {
	Text string ` + "`otai:\"text\" default:\"x\" doc:\"x.\"`" + `
}

func (p *params) Validate() error { at("validate"); return nil }

type service struct{}

func (service) Start(context.Context) error { at("start"); return nil }

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-leaving", Version: "1.0.0", API: ">=1.0.0 <2", Description: "Leaves."},
		api.NewService("S", "Leaves.", func(params, api.Host) (service, error) { at("build"); return service{}, nil }),
		api.NewPipeFunc("P", "Leaves.", func(context.Context, params, api.Scope) (api.PipeResult, error) { at("call"); return api.Success(nil), nil }))
}

func main() {}
`

const (
	leavingUsed = `
services: { s: { use: "leaving:S" } }
orchestrator:
  runners:
    - { id: a, on: { use: base:IntervalTrigger, params: { interval: PT0.1S } }, run: { id: b, use: "leaving:P" } }
`
	leavingUnused = `
orchestrator:
  runners:
    - { id: a, on: { use: base:IntervalTrigger, params: { interval: PT0.1S } }, run: { id: b, use: base:ExpressionPipe, params: { expression: 1 } } }
`
)

func leaving(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	buildPlugin(t, writeModule(t, "otai-leaving", exitsWhere), filepath.Join(folder, "otai_leaving.so"))
	return folder
}

func TestAPluginThatEndsItsProcessBeforeTheWorkIsNotOpenedAgain(t *testing.T) {
	t.Parallel()
	plugins := leaving(t)
	for _, moment := range []string{"init", "validate", "build", "start"} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			env := environment(t, "OTAI_PLUGIN_DIR="+plugins)
			at := append(env, "EXIT_AT="+moment)
			used := writeFile(t, leavingUsed)
			out, err := runOtai(t, at, "run", "-c", used)
			if exitCode(err) != 3 {
				t.Errorf("%v, want exit code 3", err)
			}
			for _, want := range []string{`"plugin":"otai-leaving"`, "otai_leaving.so", "exit status 0", "host-crashed", "otai plugin retry otai-leaving", `"report":"otai plugin report otai-leaving"`} {
				if !strings.Contains(out, want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
			// It stays so where its code would do no harm any more, until somebody says so.
			if out, err := runOtai(t, env, "run", "--once", "-c", used); exitCode(err) != 3 {
				t.Errorf("%v: %s", err, out)
			}
			if out, err := runOtai(t, env, "validate", "-c", used); exitCode(err) != 3 {
				t.Errorf("%v: %s", err, out)
			}
			// Where the state folder is named, the command that is printed names it, too.
			named := []string{"--state-dir", stateOf(env)}
			if out, err := runOtai(t, environment(t), slices.Concat([]string{"plugin", "list", "--plugin-dir", plugins}, named)...); err != nil || !strings.Contains(out, "otai plugin retry otai-leaving "+strings.Join(named, " ")) {
				t.Errorf("%v: %s", err, out)
			}
			other := environment(t)
			if out, err := runOtai(t, other, "plugin", "retry", "leaving"); exitCode(err) != 1 || !strings.Contains(out, stateOf(other)) {
				t.Errorf("%v: %s", err, out)
			}
			if out, err := runOtai(t, env, "plugin", "retry", "leaving"); err != nil || !strings.Contains(out, "otai-leaving is opened again") {
				t.Errorf("%v: %s", err, out)
			}
			if out, err := runOtai(t, env, "run", "--once", "-c", used); err != nil {
				t.Errorf("%v: %s", err, out)
			}
			if out, err := runOtai(t, env, "plugin", "retry", "leaving"); exitCode(err) != 1 || !strings.Contains(out, "is not refused") {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func TestAPluginThatHasWorkedIsTriedAgain(t *testing.T) {
	t.Parallel()
	env := environment(t, "OTAI_PLUGIN_DIR="+leaving(t))
	used := writeFile(t, leavingUsed)
	if out, err := runOtai(t, env, "run", "--once", "-c", used); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p := start(t, append(env, "EXIT_AT=start"), "run", "-c", used)
	eventually(t, "it is started a third time", func() bool { return strings.Count(p.log.String(), "is started again") == 3 })
	if log := p.log.String(); strings.Contains(log, "host-crashed") || !strings.Contains(log, `"pause":1000`) {
		t.Error("it is refused, or there is no pause")
	}
	p.stop(t)
}

func TestACommandThatEndsByItselfEndsAtTheSecondDeath(t *testing.T) {
	t.Parallel()
	env := environment(t, "OTAI_PLUGIN_DIR="+leaving(t), "EXIT_AT=call")
	for _, args := range [][]string{{"--once"}, {"--until-empty"}, {"--dry-run", "--once", "--run", "leaving:P"}} {
		out, err := runOtai(t, env, append([]string{"run", "-c", writeFile(t, leavingUsed)}, args...)...)
		if exitCode(err) != 1 || strings.Count(out, "started again") != 1 || !strings.Contains(out, "died twice") || !strings.Contains(out, "put down to the plugin otai-leaving (") {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}

// What ends its process in a call, while the service of another plugin starts, isn't put down to that: both
// may have done it, so the next worker starts that alone.
func TestWhatIsDoneBesideAStartIsNotPutDownToIt(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	until := func(file string) string {
		return `for { if _, err := os.Stat(os.Getenv("MEETING") + "/` + file + `"); err == nil { break }; time.Sleep(10 * time.Millisecond) }`
	}
	is := func(file string) string { return `_ = os.WriteFile(os.Getenv("MEETING")+"/` + file + `", nil, 0o600)` }
	for name, does := range map[string][2]string{
		"slow":    {`at("start")`, is("started") + "; " + until("called") + "; time.Sleep(time.Second)"},
		"leaving": {`at("call")`, until("started") + "; " + is("called") + `; at("call")`},
	} {
		source := strings.Replace(strings.Replace(exitsWhere, does[0], does[1], 1), `"os"`, "\"os\"\n\t\"time\"", 1)
		buildPlugin(t, writeModule(t, "otai-"+name, strings.ReplaceAll(source, "leaving", name)), filepath.Join(folder, "otai_"+name+".so"))
	}
	config := writeFile(t, `
services: { slow: { use: "slow:S" } }
orchestrator:
  runners:
    - { id: a, on: { use: base:IntervalTrigger, params: { interval: PT0.1S } }, run: { id: b, use: "leaving:P" } }
`)
	env := environment(t, "OTAI_PLUGIN_DIR="+folder, "MEETING="+t.TempDir())
	p := start(t, append(env, "EXIT_AT=call"), "run", "-c", config)
	eventually(t, "it has died twice", func() bool { return strings.Count(p.log.String(), "is started again") == 2 })
	p.stop(t)
	log := p.log.String()
	if strings.Contains(log, "without the plugin") || strings.Contains(log, "host-crashed") {
		t.Error("one is refused")
	}
	died := regexp.MustCompile(`(?m)^.*is started again.*$`).FindAllString(log, -1)
	if !strings.Contains(died[0], `"one_of":["otai-slow`) || strings.Contains(died[0], `"plugin":`) {
		t.Errorf("the first death, beside the start, is %s", died[0])
	}
	if !strings.Contains(died[1], `"plugin":"otai-leaving"`) || strings.Count(log, "this time the work begins when all services") != 1 {
		t.Errorf("the second one, behind it, is %s", died[1])
	}
	if out, err := runOtai(t, env, "run", "--once", "-c", config); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestThreeDeathsWithinAnHourRefuseAPluginThatNothingNeeds(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source := strings.Replace(exitsWhere, `func init() { at("init") }`,
		"func init() {\n\tif os.Args[1] == \"run\" {\n\t\tgo func() {\n\t\t\tfor os.Remove(os.Getenv(\"PANIC\")) != nil {\n\t\t\t\ttime.Sleep(10 * time.Millisecond)\n\t\t\t}\n\t\t\tpanic(\"too late, \" + os.Getenv(\"OTAI_OTOBO_ZNUNY_PASSWORD\"))\n\t\t}()\n\t}\n}", 1)
	source = strings.Replace(source, `"os"`, "\"os\"\n\t\"time\"", 1)
	buildPlugin(t, writeModule(t, "otai-leaving", source), filepath.Join(folder, "otai_leaving.so"))
	if err := os.Link(filepath.Join(product.plugins, "otai_otobo_znuny.so"), filepath.Join(folder, "otai_otobo_znuny.so")); err != nil {
		t.Fatal(err)
	}
	now := filepath.Join(t.TempDir(), "now")
	env := environment(t, "OTAI_PLUGIN_DIR="+folder, "PANIC="+now)
	p := start(t, env, "run", "-c", writeFile(t, leavingUnused+`
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "http://127.0.0.1:9/znuny/nph-genericinterface.pl", password: "${OTAI_OTOBO_ZNUNY_PASSWORD}" }
`))
	for n := range 3 {
		eventually(t, "it runs", func() bool { return strings.Count(p.log.String(), "otai runs") == n+1 })
		time.Sleep(500 * time.Millisecond) // until its first cycle
		if err := os.WriteFile(now, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "it goes on without the plugin", func() bool {
		return strings.Contains(p.log.String(), "without the plugin that it is put down to") && strings.Count(p.log.String(), "otai runs") == 4
	})
	p.stop(t)
	said := 0
	for line := range strings.Lines(p.log.String()) {
		if strings.Contains(line, "why the worker process before this one died") {
			said++
			if !strings.Contains(line, "panic: too late, ***\"") || !strings.Contains(line, "otai_leaving.so") || strings.Contains(line, password) {
				t.Errorf("%s", line)
			}
		}
	}
	if strings.Contains(p.log.String(), password) || strings.Contains(p.log.String(), "goroutine ") {
		t.Error("the report of the death is in the log")
	}
	if said != 3 {
		t.Errorf("the cause is said %d times", said)
	}
	deaths, err := crashes.Deaths(filepath.Join(stateOf(env), crashes.Subfolder))
	if err != nil || len(deaths) != 3 || deaths[0].Plugin == nil || deaths[0].Plugin.Name != "otai-leaving" || deaths[0].Frame == "" {
		t.Errorf("%v: %+v", err, deaths)
	}
}

// Where the state folder isn't used there is no trace: then what Go reports is read, and not shown.
func TestADryRunNamesThePluginThatEndsItAndTheCause(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source := strings.Replace(exitsWhere, `{ at("call"); return api.Success(nil), nil }`,
		"{\n\t\t\tgo func() { panic(\"too late, \" + os.Getenv(\"OTAI_OTOBO_ZNUNY_PASSWORD\")) }()\n\t\t\tselect {}\n\t\t}", 1)
	buildPlugin(t, writeModule(t, "otai-leaving", source), filepath.Join(folder, "otai_leaving.so"))
	config := writeFile(t, strings.Replace(leavingUsed, `"leaving:S"`, `"leaving:S", params: { text: "${OTAI_OTOBO_ZNUNY_PASSWORD}" }`, 1))
	out, err := runOtai(t, environment(t, "OTAI_PLUGIN_DIR="+folder), "run", "--dry-run", "--once", "--run", "leaving:P", "-c", config)
	if exitCode(err) != 1 || strings.Contains(out, "goroutine ") || strings.Contains(out, password) {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{"panic: too late, ***", "put down to the plugin otai-leaving (", "otai_leaving.so", "CreatePlugin", "no trace of it is kept"} {
		if !strings.Contains(out, want) {
			t.Errorf("it doesn't say %q:\n%s", want, out)
		}
	}
}

func TestADemonstrationThatDiesLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	p := start(t, environment(t, "TMPDIR="+temp), "demo")
	for n := range 2 {
		eventually(t, "it works", func() bool { return strings.Count(p.log.String(), "[ 1/30]") == n+1 })
		if err := syscall.Kill(workerOf(t, p.cmd.Process.Pid), syscall.SIGSEGV); err != nil {
			t.Fatal(err)
		}
	}
	if status := p.exitOf(t); status.ExitStatus() != 1 || !strings.Contains(p.log.String(), "died twice") {
		t.Errorf("%+v", status)
	}
	wantEmpty(t, temp)
}
