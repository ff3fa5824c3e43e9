package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

const startConfig = `
services:
  desk: { use: "otobo-znuny:OTOBOZnunyTicketSystemService", params: { base_url: "http://127.0.0.1:1/otobo/nph-genericinterface.pl" } }
  models: { use: "hf-local:HFClassificationService" }
orchestrator: { params: { steps: [ { id: first, use: base:ExpressionPipe, params: { expression: "{{ 1 + 1 }}" } } ] } }
`

// BenchmarkStartUp runs the whole process with both plugins: start, load, check,
// build, the first pipe, and end. So it is a little more than the start alone.
func BenchmarkStartUp(b *testing.B) {
	dir := b.TempDir()
	config := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(config, []byte(startConfig), 0o600); err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		cmd := newCommand(product.otai, "run", "--once", "-c", config)
		cmd.Env = []string{"HOME=" + dir, "OTAI_STATE_DIR=" + dir, "OTAI_PLUGIN_DIR=" + product.plugins, "OTAI_OTOBO_ZNUNY_PASSWORD=" + password}
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds()*1e3, "ms/start") // the median
	b.ReportMetric(0, "ns/op")
}
