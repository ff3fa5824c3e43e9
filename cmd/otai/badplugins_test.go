package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const wordsUse = `
services:
  words: { use: "words:WordClassifier", params: { labels: { printer: IT } } }
orchestrator:
  params:
    steps:
      - { id: c, use: base:ClassificationPipe, injects: { classification_service: words }, params: { text: printer } }
`

func TestAPluginThatCanNotBeLoadedIsNamedWithItsCause(t *testing.T) {
	t.Parallel()
	good := strings.ReplaceAll(wordsPlugin, "CONSTRAINT", ">=1.0.0 <2")
	body := func(replaced string) string {
		start := strings.Index(good, "func CreatePlugin")
		end := start + strings.Index(good[start:], "\n}\n") + len("\n}\n")
		// The types stay in use, so that the file compiles.
		return good[:start] + replaced + "\nvar _ = api.NewPlugin(api.Metadata{}, api.NewService(\"X\", \"\", newWords), api.NewPipeFunc(\"Y\", \"\", shout))\n" + good[end:]
	}
	for name, c := range map[string]struct {
		source string
		want   []string
	}{
		"without CreatePlugin":               {body(""), []string{"missing-symbol", "CreatePlugin"}},
		"with another signature":             {body("func CreatePlugin(name string) api.Plugin { return nil }"), []string{"wrong-symbol-type", "func(string) ", "pkg/api.AppConfig"}},
		"with a constraint ^2.0":             {strings.ReplaceAll(wordsPlugin, "CONSTRAINT", "^2.0"), []string{"api-incompatible", "^2.0", "1.0.0"}},
		"with a factory that panics":         {body("func CreatePlugin(api.AppConfig) api.Plugin { panic(\"out of order\") }"), []string{"factory-panic", "out of order"}},
		"with an init that ends the process": {body("func CreatePlugin(api.AppConfig) api.Plugin { return nil }\n\nfunc init() { panicLater() }\n\nfunc panicLater() { go panic(\"too late to recover\"); select {} }"), []string{"probe-crashed", "too late to recover"}},
		"with a factory without answer":      {body("func CreatePlugin(api.AppConfig) api.Plugin { return nil }"), []string{"nil-plugin"}},
	} {
		t.Run(name, func(t *testing.T) {
			plugins := t.TempDir()
			buildPlugin(t, writeModule(t, "otai-words", c.source), filepath.Join(plugins, "otai_words.so"))
			refused(t, plugins, c.want)
		})
	}
	t.Run("a text file", func(t *testing.T) {
		plugins := t.TempDir()
		if err := os.WriteFile(filepath.Join(plugins, "otai_words.so"), []byte("no plugin"), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, plugins, []string{"not-elf"})
	})
}

// refused wants exit code 3 from a configuration that uses the plugin.
func refused(t *testing.T, plugins string, want []string) {
	t.Helper()
	out, err := runOtai(t, environment(t, "OTAI_PLUGIN_DIR="+plugins), "run", "--once", "-c", writeFile(t, wordsUse))
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 3 {
		t.Errorf("got %v, want exit code 3", err)
	}
	for _, w := range append(want, "config.yml:3:", "words:WordClassifier") {
		if !strings.Contains(out, w) {
			t.Errorf("the message lacks %q:\n%s", w, out)
		}
	}
}

// The probe waits long for such a plugin, and the start for its service; a signal does not.
func TestASignalEndsTheStartAlsoWhileAPluginBlocks(t *testing.T) {
	t.Parallel()
	const blocks = "{ _ = os.WriteFile(os.Getenv(\"MARKER\"), nil, 0o600); select {}; "
	good := strings.Replace(strings.ReplaceAll(wordsPlugin, "CONSTRAINT", ">=1.0.0 <2"), `"strings"`, `"os"`+"\n\t"+`"strings"`, 1)
	const builds = "func newWords(p wordsParams, _ api.Host) (*words, error) { "
	if strings.Count(good, builds) != 1 {
		t.Fatal("the plugin has another build function")
	}
	for name, source := range map[string]string{
		"init":  good + "\nfunc init() " + blocks + "}\n",
		"build": strings.Replace(good, builds, strings.TrimSuffix(builds, "{ ")+blocks, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plugins, marker := t.TempDir(), filepath.Join(t.TempDir(), "blocked")
			buildPlugin(t, writeModule(t, "otai-words", source), filepath.Join(plugins, "otai_words.so"))
			p := start(t, environment(t, "OTAI_PLUGIN_DIR="+plugins, "MARKER="+marker, "OTAI_PROBE_TIMEOUT=10m"), "run", "--once", "-c", writeFile(t, "plugins: [{ name: otai-words, env: [MARKER] }]\n"+wordsUse))
			eventually(t, "the plugin blocks", func() bool {
				_, err := os.Stat(marker)
				return err == nil
			})
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if err := <-p.ended; err != nil {
				t.Errorf("got %v, want exit code 0: a stop is not an error:\n%s", err, p.log)
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("it took %v to end", took)
			}
			if name == "build" && !strings.Contains(p.log.String(), "a build function did not end in time and is left behind") {
				t.Errorf("nothing names it:\n%s", p.log)
			}
		})
	}
}
