package config_test

import (
	"os"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config"
)

// BenchmarkRead reads the example, as each command does at its start.
func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile("../../examples/otobo-znuny.yml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if d, diags := config.Read(config.Options{Env: []string{"OTOBO_URL=http://x"}, Files: []config.Source{{Name: "config.yml", Data: data}}}); d == nil || diags.HasErrors() {
			b.Fatal(diags)
		}
	}
}
