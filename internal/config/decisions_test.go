package config_test

import (
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/config"
)

func TestWhatIsKeptOfDecisions(t *testing.T) {
	for text, want := range map[string]config.Decisions{
		"":                                   {Keep: 400 * 24 * time.Hour},
		"{keep: P30D}":                       {Keep: 30 * 24 * time.Hour},
		"{keep_text: true}":                  {Keep: 400 * 24 * time.Hour, KeepText: true},
		"{keep: PT1H, keep_text: \"false\"}": {Keep: time.Hour},
	} {
		file := "orchestrator: {use: base:CompositePipe}\n"
		if text != "" {
			file += "infrastructure: {decisions: " + text + "}\n"
		}
		d, diags := config.Read(config.Options{Files: []config.Source{{Name: "config.yml", Data: []byte(file)}}})
		if diags.HasErrors() || d.Decisions != want {
			t.Errorf("%s: %+v, %v", text, d.Decisions, diags)
		}
	}
	for _, text := range []string{"{keep: soon}", "{keep: PT0S}", "{keep_text: perhaps}", "{keep_texts: true}"} {
		_, diags := config.Read(config.Options{Files: []config.Source{{Name: "config.yml", Data: []byte("orchestrator: {use: base:CompositePipe}\ninfrastructure: {decisions: " + text + "}\n")}}})
		if !diags.HasErrors() {
			t.Errorf("%s is accepted", text)
		}
	}
}
