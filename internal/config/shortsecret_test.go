package config_test

import (
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	"github.com/open-ticket-ai/otai/internal/config"
)

func TestAShortSecretIsAWarningAtItsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		file, env, dotEnv string
		want              []string // of the only diagnostic; nil for none
	}{
		"in the file":             {file: desk("password", "demo"), want: []string{"c.yml:5:17: warning: services.desk.params.password: a secret of 4 characters is masked", "only where it is a word", "at least 8"}},
		"that is not masked":      {file: desk("password", "dem"), want: []string{"a secret of 3 characters is not masked"}},
		"of a variable":           {file: desk("password", "${PW}"), env: "PW=demo", want: []string{"c.yml:5:17: warning: ", "4 characters"}},
		"of a layer":              {file: desk("timeout", "5"), env: "OTAI__SERVICES__DESK__PARAMS__PASSWORD=demo", want: []string{"OTAI__SERVICES__DESK__PARAMS__PASSWORD: warning: services.desk.params.password: a secret of 4"}},
		"that a plugin reads":     {file: desk("timeout", "5"), env: "OTAI_OTOBO_ZNUNY_PASSWORD=demo", want: []string{"OTAI_OTOBO_ZNUNY_PASSWORD: warning: a secret of 4 characters"}},
		"of .env":                 {file: desk("timeout", "5"), dotEnv: "OTAI_OTOBO_ZNUNY_PASSWORD=ä\n", want: []string{"OTAI_OTOBO_ZNUNY_PASSWORD: warning: a secret of 1 character is not masked"}},
		"as a number":             {file: strings.Replace(desk("password", "X"), `"X"`, "4711", 1), want: []string{"4 characters"}},
		"long enough":             {file: desk("password", "demodemo")},
		"of few characters, long": {file: desk("password", "größerer")},
		"empty":                   {file: desk("timeout", "5"), env: "OTAI_OTOBO_ZNUNY_PASSWORD="},
		"a template":              {file: desk("password", "{{ 1 }}")},
		"of another program":      {file: desk("timeout", "5"), env: "PASSWORD=demo"},
	} {
		t.Run(name, func(t *testing.T) {
			o := config.Options{Files: []config.Source{{Name: "c.yml", Data: []byte(c.file)}}}
			if c.env != "" {
				o.Env = []string{c.env}
			}
			if c.dotEnv != "" {
				o.DotEnv = []config.Source{{Name: ".env", Data: []byte(c.dotEnv)}}
			}
			d, diags := config.Read(o)
			var found []string
			for _, p := range diags.And(check.Check(d, catalogtest.New())) {
				if p.Code == "short-secret" {
					found = append(found, p.String())
				}
			}
			if len(found) > 1 || (c.want == nil) != (len(found) == 0) {
				t.Fatalf("found %q", found)
			}
			for _, want := range c.want {
				if !strings.Contains(found[0], want) {
					t.Errorf("%q does not say %q", found[0], want)
				}
			}
			if strings.Contains(strings.Join(found, ""), "demo") {
				t.Errorf("it is shown: %s", found)
			}
		})
	}
}
