package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestATicketThatMakesAPluginExitIsSetAsideWithItsStep: three workers die at it, and the
// fourth goes on with the others.
func TestATicketThatMakesAPluginExitIsSetAsideWithItsStep(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	if err := os.CopyFS(plugins, os.DirFS(product.plugins)); err != nil {
		t.Fatal(err)
	}
	source := strings.ReplaceAll(wordsPlugin, "CONSTRAINT", ">=1.0.0 <2")
	source = strings.Replace(source, `"strings"`, `"os"`+"\n\t"+`"strings"`, 1)
	source = strings.Replace(source, "	return api.Success(map", "	if p.Text == \"leave\" {\n\t\tos.Exit(7)\n\t}\n\treturn api.Success(map", 1)
	buildPlugin(t, writeModule(t, "otai-words", source), filepath.Join(plugins, "otai_words.so"))
	w := newWitness(t)
	noted := goal{note: "Sorted"}
	bad, good := w.add("leave"), w.addMany(5, "x")
	env := w.environment("OTAI_PLUGIN_DIR=" + plugins)
	config := writeFile(t, rowConfig(1, "timeout: PT5S", `
- id: shouting
  use: words:ShoutPipe
  params: { text: "{{ get_pipe_result('ticket').subject }}" }
`+noteStep))
	l := live(t, env, "run", "-c", config)
	w.all(patient, good, noted)
	exits := 0
	for line := range strings.Lines(l.log.String()) {
		if strings.Contains(line, `"how":"exit status 7"`) && strings.Contains(line, `"plugin":"otai-words"`) {
			exits++
		}
	}
	if exits != 3 {
		t.Errorf("the plugin ended %d workers, want 3", exits)
	}
	w.wantAllDone(good, noted)
	if v := w.judge(bad, noted); v.Untouched != 1 {
		t.Errorf("the ticket: %v", v)
	}
	if log := l.log.String(); !strings.Contains(log, "a ticket is set aside") || !strings.Contains(log, "shouting") {
		t.Errorf("the log doesn't name the step:\n%s", shortened(log))
	}
	out, _ := w.command(env, "runs", "waiting")
	if !strings.Contains(out, "shouting") {
		t.Errorf("runs waiting doesn't name the step:\n%s", out)
	}
}
