package loader_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/keptbuild"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/params"
)

func TestAPluginThatNeverComesToAnEndIsRefusedInTime(t *testing.T) {
	for name, says := range map[string]string{"init_loops": "it printed: looping", "init_blocks": "initialized", "init_leaves_child": "initialized"} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			r := host(t, "-timeout", "1s", folder(t, map[string]string{"otai_" + name + ".so": "zoo:otai_" + name + ".so", "otai_zz_good.so": "zoo:otai_zz_good.so"}))
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %v", took)
			}
			p := r.plugin(t, "otai_"+name+".so")
			if p.Stage != loader.StageProbe || p.Code != loader.CodeProbeTimeout {
				t.Errorf("%s at %s", p.Code, p.Stage)
			}
			for _, part := range []string{"within 1s", says, "remove what"} {
				if !strings.Contains(p.Message, part) {
					t.Errorf("the message lacks %q: %s", part, p.Message)
				}
			}
			r.goodPluginWorks(t)
		})
	}
}

func TestWhatACrashingPluginPrintedIsKeptWithinBounds(t *testing.T) {
	r := host(t, folder(t, map[string]string{"otai_init_fatal.so": "zoo:otai_init_fatal.so"}))
	p := r.plugin(t, "otai_init_fatal.so")
	for _, part := range []string{"xxxxxxxx", "bytes left out", "can't find the license server"} {
		if !strings.Contains(p.Output, part) {
			t.Errorf("the output lacks %q: %s", part, p.Output)
		}
	}
	if len(p.Output) > 5000 || len(p.Message) > 2000 || strings.Contains(p.Message, "\n") {
		t.Errorf("%d bytes of output, %d of message: %s", len(p.Output), len(p.Message), p.Message)
	}
}

func TestAPluginIsDescribedWithoutBeingOpened(t *testing.T) {
	t.Setenv("XDG_ZOO_FOLDER", t.TempDir())
	dir := folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so", "otai_init_panics_in_host.so": "zoo:otai_init_panics_in_host.so"})
	r := host(t, "-inspect", dir)
	if len(r.Names) > 0 {
		t.Errorf("registered: %q", r.Names)
	}
	if p := r.plugin(t, "otai_init_panics_in_host.so"); p.Status != loader.Loaded {
		t.Errorf("it was opened twice: %s", p.Message)
	}
	p := r.plugin(t, "otai_zz_good.so")
	if p.Status != loader.Loaded || p.Version != "1.2.3" || len(p.Offers) != 2 {
		t.Fatalf("%+v", p)
	}
	pipe, service := p.Offers[0], p.Offers[1]
	if pipe.Name != "zz-good:GreetPipe" || pipe.Service || pipe.Doc != "Greets." || !strings.Contains(pipe.Type, "PipeFunc") {
		t.Errorf("%+v", pipe)
	}
	if service.Name != "zz-good:Greeter" || !service.Service || service.Type != "*example.com/zoo/zz_good.greeter" {
		t.Errorf("%+v", service)
	}
	greeting := service.Params.Field("greeting")
	if greeting == nil || greeting.Kind != params.KindString || greeting.Doc != "What to say." || *greeting.Default != "hello" {
		t.Errorf("%+v", greeting)
	}
}

// results lists the results of probes in a state folder.
func results(t *testing.T, state string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(state, "probe", "*-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The plugin counts its own init functions: a process that opened it leaves a file.
func TestAGoodResultIsKeptAndAnErrorIsNot(t *testing.T) {
	state, zooFolder := t.TempDir(), t.TempDir()
	t.Setenv("XDG_ZOO_FOLDER", zooFolder)
	dir := folder(t, map[string]string{
		"otai_init_panics_in_host.so": "zoo:otai_init_panics_in_host.so", "otai_factory_panics.so": "zoo:otai_factory_panics.so", "otai_init_exits.so": "zoo:otai_init_exits.so",
	})
	tried := filepath.Join(zooFolder, "tried")
	inspect := func() loader.Status {
		return host(t, "-inspect", "-state", state, dir).plugin(t, "otai_init_panics_in_host.so").Status
	}
	if inspect() != loader.Loaded {
		t.Fatal("not accepted")
	}
	if err := os.Remove(tried); err != nil {
		t.Fatal(err)
	}
	if inspect() != loader.Loaded {
		t.Error("not accepted again")
	}
	if _, err := os.Stat(tried); err == nil {
		t.Error("it was tried again")
	}
	kept := results(t, state)
	if len(kept) != 1 {
		t.Fatalf("%q were kept", kept)
	}
	for damage, content := range map[string]string{"empty": "", "cut off": `{"plugin":"`, "of another plugin": `{"plugin":"0"}`, "of another form": `[]`} {
		t.Run(damage, func(t *testing.T) {
			if err := os.WriteFile(kept[0], []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if inspect() != loader.Loaded {
				t.Error("not accepted")
			}
			if err := os.Remove(tried); err != nil {
				t.Errorf("it was not tried again: %v", err)
			}
		})
	}
	if got := results(t, state); len(got) != 1 {
		t.Errorf("%q were kept", got)
	}
}

func TestAResultDoesNotCountForAnotherHost(t *testing.T) {
	state, zooFolder := t.TempDir(), t.TempDir()
	t.Setenv("XDG_ZOO_FOLDER", zooFolder)
	dir := folder(t, map[string]string{"otai_init_panics_in_host.so": "zoo:otai_init_panics_in_host.so"})
	tried := filepath.Join(zooFolder, "tried")
	for _, args := range [][]string{{"-api", "1.0.0"}, {"-api", "1.1.0"}} {
		if p := host(t, append(args, "-inspect", "-state", state, dir)...).plugin(t, "otai_init_panics_in_host.so"); p.Status != loader.Loaded {
			t.Error(p.Message)
		}
		if err := os.Remove(tried); err != nil {
			t.Errorf("level %s: not tried: %v", args[1], err)
		}
	}
	// The same binary with other bytes at its end is another host.
	binary, err := os.ReadFile(zoo.host)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "testhost")
	if err := keptbuild.WriteProgram(other, append(binary, 0), 0o700); err != nil {
		t.Fatal(err)
	}
	if p := hostBinary(t, other, "-api", "1.1.0", "-inspect", "-state", state, dir).plugin(t, "otai_init_panics_in_host.so"); p.Status != loader.Loaded {
		t.Error(p.Message)
	}
	if _, err := os.Stat(tried); err != nil {
		t.Errorf("the other host did not try it: %v", err)
	}
}

func TestAPluginThatEndsTheHostInSpiteOfAGoodResultIsTriedAnew(t *testing.T) {
	state, zooFolder := t.TempDir(), t.TempDir()
	t.Setenv("XDG_ZOO_FOLDER", zooFolder)
	dir := folder(t, map[string]string{"otai_init_exits_in_host.so": "zoo:otai_init_exits_in_host.so", "otai_zz_good.so": "zoo:otai_zz_good.so"})
	host(t, "-state", state, dir).goodPluginWorks(t)
	if err := os.WriteFile(filepath.Join(zooFolder, "exit"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := hostCommand(t, zoo.host, "-state", state, dir).Run(); err == nil {
		t.Fatal("the plugin did not end the host, which this test begins with")
	}
	r := host(t, "-state", state, dir)
	if p := r.plugin(t, "otai_init_exits_in_host.so"); p.Code != loader.CodeProbeCrashed {
		t.Errorf("%s %s", p.Status, p.Message)
	}
	r.goodPluginWorks(t)
}

func TestTheEntryOfTheProbeIsHarmlessFromTheCommandLine(t *testing.T) {
	out, err := hostCommand(t, zoo.host, "__probe-plugin", "{}").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "for the process itself") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTheChildEndsWithItsParent(t *testing.T) {
	zooFolder := t.TempDir()
	t.Setenv("XDG_ZOO_FOLDER", zooFolder)
	parent := hostCommand(t, zoo.host, "-state", t.TempDir(), "-timeout", "1h", folder(t, map[string]string{"otai_init_blocks.so": "zoo:otai_init_blocks.so"}))
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var child string
	eventually(t, "the plugin is tried", func() bool {
		text, err := os.ReadFile(filepath.Join(zooFolder, "process"))
		child = string(text)
		return err == nil && child != ""
	})
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Error("it was not killed")
	}
	eventually(t, "the child has ended", func() bool {
		status, err := os.ReadFile("/proc/" + child + "/stat")
		return err != nil || strings.Contains(string(status), ") Z ")
	})
}

// eventually waits until ok is true, looking often: another process can't notify it.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
