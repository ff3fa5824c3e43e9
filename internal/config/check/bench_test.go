package check_test

import (
	"os"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	"github.com/open-ticket-ai/otai/internal/config"
)

// BenchmarkLoad300Lines reads and checks a configuration of 300 lines, with
// templates in every other one, as `otai validate` does after the plugins are known.
func BenchmarkLoad300Lines(b *testing.B) {
	data, err := os.ReadFile("testdata/compat/a-znuny-demo.yml")
	if err != nil {
		b.Fatal(err)
	}
	head, runner, _ := strings.Cut(string(data), "      steps:\n")
	text := head + "      steps:\n"
	for strings.Count(text, "\n") < 300 {
		text += strings.TrimRight(runner, "\n") + "\n"
	}
	lines := strings.SplitAfter(text, "\n")
	text = strings.Join(lines[:300], "")
	source := config.Source{Name: "config.yml", Data: []byte(text)}
	offered := catalogtest.New()
	for b.Loop() {
		d, diags := config.Read(config.Options{Files: []config.Source{source}})
		if d == nil || diags.And(check.Check(d, offered)).HasErrors() {
			b.Fatal(diags, d)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/load")
}
