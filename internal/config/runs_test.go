package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/config"
)

func TestWhereRunsAreKept(t *testing.T) {
	const inFile = "infrastructure: {runs: {database: 'postgres://file@db/otai', schema: tickets, keep: P7D}}\n"
	for _, tt := range []struct {
		name, file string
		env        []string
		dotEnv     string
		want       config.Runs
	}{
		{"nothing given", "", nil, "", config.Runs{Schema: "otai", Keep: 30 * 24 * time.Hour}},
		{"all given", inFile, nil, "", config.Runs{Database: "postgres://file@db/otai", Schema: "tickets", Keep: 7 * 24 * time.Hour}},
		{"its own variable", "", []string{"OTAI_DATABASE_URL=postgres://env@db/otai"}, "", config.Runs{Database: "postgres://env@db/otai", Schema: "otai", Keep: 30 * 24 * time.Hour}},
		{"its own variable in .env", inFile, nil, "OTAI_DATABASE_URL=postgresql://dotenv@db/otai", config.Runs{Database: "postgresql://dotenv@db/otai", Schema: "tickets", Keep: 7 * 24 * time.Hour}},
		{
			"its own variable wins over all others", inFile,
			[]string{"OTAI_DATABASE_URL=postgres://env@db/otai", "OTAI__INFRASTRUCTURE__RUNS__DATABASE=postgres://layer@db/otai"},
			"OTAI_DATABASE_URL=postgres://dotenv@db/otai",
			config.Runs{Database: "postgres://env@db/otai", Schema: "tickets", Keep: 7 * 24 * time.Hour},
		},
		{"a variable of the configuration", "", []string{"OTAI__INFRASTRUCTURE__RUNS__KEEP=PT12H"}, "", config.Runs{Schema: "otai", Keep: 12 * time.Hour}},
		{"a reference", "infrastructure: {runs: {database: '${DB:-}'}}\n", nil, "", config.Runs{Schema: "otai", Keep: 30 * 24 * time.Hour}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, diags := config.Read(config.Options{
				Files: []config.Source{{Name: "f", Data: []byte(tt.file + "orchestrator: {params: {steps: []}}\n")}},
				Env:   tt.env, DotEnv: []config.Source{{Name: ".env", Data: []byte(tt.dotEnv)}},
			})
			if d == nil || len(diags) > 0 {
				t.Fatal(diags)
			}
			if d.Runs != tt.want {
				t.Errorf("got %+v, want %+v", d.Runs, tt.want)
			}
		})
	}
}

func TestTheDatabaseIsASecretAsAWhole(t *testing.T) {
	const address, word = "postgres://otai:p%40ss-w0rd@db.example.org/otai?sslpassword=k3y-w0rd", "p@ss-w0rd"
	for name, o := range map[string]config.Options{
		"in the file":         {Files: []config.Source{{Name: "f", Data: []byte("infrastructure: {runs: {database: '" + address + "'}}\norchestrator: {params: {steps: []}}\n")}}},
		"in the environment":  {Files: []config.Source{{Name: "f", Data: []byte("orchestrator: {params: {steps: []}}\n")}}, Env: []string{"OTAI_DATABASE_URL=" + address}},
		"beside its own name": {Files: []config.Source{{Name: "f", Data: []byte("infrastructure: {runs: {database: '" + address + "', databse: '" + address + "'}}\norchestrator: {params: {steps: []}}\n")}}},
	} {
		d, diags := config.Read(o)
		if d == nil {
			t.Fatal(name, diags)
		}
		secrets := strings.Join(d.Secrets(), "\n")
		for _, want := range []string{address, word, "k3y-w0rd"} {
			if !strings.Contains(secrets, want) {
				t.Errorf("%s: %q is not a secret", name, want)
			}
		}
		for _, p := range diags {
			if shown := p.String() + p.Excerpt(o.Files); strings.Contains(shown, "w0rd") || strings.Contains(shown, "db.example") {
				t.Errorf("%s: %s", name, shown)
			}
		}
	}
}
