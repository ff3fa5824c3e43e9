package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const bareSource = `package main

import (
	"fmt"
	"os"
	"plugin"
)

func main() {
	for _, file := range os.Args[1:] {
		if _, err := plugin.Open(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
`

// BenchmarkLoad compares the whole verified load of 1, 10 and 50 small plugins, and
// of the largest bundled one, with a program that only opens the same files. Each
// figure is a whole process less the same process without plugins. They take turns,
// and the shortest run of each counts: whatever else the machine does only adds.
func BenchmarkLoad(b *testing.B) {
	dir := b.TempDir()
	bare := filepath.Join(dir, "bare")
	module := filepath.Join(dir, "bare-source")
	write := func(name, content string) {
		b.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	// The same contract at the same recorded path, so that its plugins fit.
	goMod := func(name string) string {
		return "module example.com/" + name + "\n\ngo 1.25.0\n\nrequire github.com/open-ticket-ai/otai/pkg/api v1.0.0\n\nreplace github.com/open-ticket-ai/otai/pkg/api => " +
			filepath.Join(product.root, "pkg", "api") + "\n"
	}
	write(filepath.Join(module, "go.mod"), goMod("bare"))
	write(filepath.Join(module, "main.go"), strings.Replace(bareSource, "import (", "import (\n\t_ \"github.com/open-ticket-ai/otai/pkg/api\"", 1))
	if err := goBuild(module, "-mod=mod", "-o", bare, "."); err != nil {
		b.Fatal(err)
	}
	const most = 50
	source := strings.ReplaceAll(wordsPlugin, "CONSTRAINT", ">=1.0.0 <2")
	for n := range most {
		name := fmt.Sprintf("otai-words%d", n)
		from := filepath.Join(dir, name)
		write(filepath.Join(from, "go.mod"), goMod(name))
		write(filepath.Join(from, "main.go"), strings.ReplaceAll(source, "otai-words", name))
		if err := goBuild(from, "-mod=mod", "-buildmode=plugin", "-o", filepath.Join(dir, "all", strings.ReplaceAll(name, "-", "_")+".so"), "."); err != nil {
			b.Fatal(err)
		}
	}
	small, err := filepath.Glob(filepath.Join(dir, "all", "*.so"))
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		files []string
	}{
		{"1", small[:1]},
		{"10", small[:10]},
		{"50", small},
		{"large", []string{filepath.Join(product.plugins, "otai_otobo_znuny.so")}},
	} {
		b.Run(c.name, func(b *testing.B) { benchLoad(b, bare, c.files) })
	}
}

func benchLoad(b *testing.B, bare string, files []string) {
	dir := b.TempDir()
	folder, empty := filepath.Join(dir, "plugins"), filepath.Join(dir, "empty")
	for _, d := range []string{folder, empty} {
		if err := os.Mkdir(d, 0o755); err != nil {
			b.Fatal(err)
		}
	}
	for _, file := range files {
		if err := os.Link(file, filepath.Join(folder, filepath.Base(file))); err != nil {
			b.Fatal(err)
		}
	}
	config := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(config, []byte("orchestrator: { params: { steps: [ { use: base:ExpressionPipe, params: { expression: 1 } } ] } }\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	run := func(name string, args ...string) time.Duration {
		b.Helper()
		cmd := newCommand(name, args...)
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		return time.Since(began)
	}
	state := filepath.Join(dir, "state")
	load := func(plugins string) time.Duration {
		b.Helper()
		return run(product.otai, "run", "--once", "-c", config, "--plugin-dir", plugins, "--state-dir", state)
	}
	load(folder)
	time.Sleep(4 * time.Second) // checksums of files that have just changed are not kept
	load(folder)
	shortest := make(map[string]time.Duration)
	note := func(what string, took time.Duration) {
		if least, seen := shortest[what]; !seen || took < least {
			shortest[what] = took
		}
	}
	for b.Loop() {
		note("bare", run(bare, files...))
		note("bare without", run(bare))
		note("cached", load(folder))
		note("without", load(empty))
		forgetProbes(b, state)
		note("first", load(folder))
	}
	open := shortest["bare"] - shortest["bare without"]
	cached, first := shortest["cached"]-shortest["without"], shortest["first"]-shortest["without"]
	b.ReportMetric(open.Seconds()*1e3, "bare-ms")
	b.ReportMetric(cached.Seconds()*1e3, "cached-ms")
	b.ReportMetric(first.Seconds()*1e3, "first-ms")
	b.ReportMetric(cached.Seconds()/open.Seconds(), "cached/bare")
	b.ReportMetric(first.Seconds()/open.Seconds(), "first/bare")
	b.ReportMetric(0, "ns/op")
}

// forgetProbes removes what probes found. Checksums of files stay, as they do when
// the host is new or offers another level.
func forgetProbes(b *testing.B, state string) {
	b.Helper()
	records, err := filepath.Glob(filepath.Join(state, "probe", "*.json"))
	if err != nil {
		b.Fatal(err)
	}
	for _, record := range records {
		if err := os.Remove(record); err != nil {
			b.Fatal(err)
		}
	}
}
