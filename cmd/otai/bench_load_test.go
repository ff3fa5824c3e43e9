package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
// figure is a whole process less the same process without plugins; bare, cached and
// first loads take turns, and the figures are medians over the rounds.
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
		cmd := exec.Command(name, args...)
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
	var bares, cached, first []float64
	for b.Loop() {
		bares = append(bares, milliseconds(run(bare, files...)-run(bare)))
		cached = append(cached, milliseconds(load(folder)-load(empty)))
		forgetProbes(b, state)
		first = append(first, milliseconds(load(folder)-load(empty)))
	}
	b.ReportMetric(median(bares), "bare-ms")
	b.ReportMetric(median(cached), "cached-ms")
	b.ReportMetric(median(first), "first-ms")
	b.ReportMetric(median(cached)/median(bares), "cached/bare")
	b.ReportMetric(median(first)/median(bares), "first/bare")
	b.ReportMetric(0, "ns/op")
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
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
