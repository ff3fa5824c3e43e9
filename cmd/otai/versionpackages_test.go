package main_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// boundModules are those that the host links. A plugin that uses one is bound to its
// version, so the list is short: who adds a module here says what the host needs it for.
var boundModules = map[string]string{
	"":                                                   "the standard library",
	"aead.dev/minisign":                                  "signatures, with golang.org/x/crypto",
	"github.com/Masterminds/semver/v3":                   "constraints on versions",
	"github.com/cenkalti/backoff/v5":                     "pauses",
	"github.com/dustin/go-humanize":                      "modernc.org/sqlite",
	"github.com/emersion/go-message":                     "mails",
	"github.com/go-viper/mapstructure/v2":                "koanf",
	"github.com/google/uuid":                             "modernc.org/libc",
	"github.com/jackc/pgpassfile":                        "pgx",
	"github.com/jackc/pgservicefile":                     "pgx",
	"github.com/jackc/pgx/v5":                            "PostgreSQL",
	"github.com/jackc/puddle/v2":                         "pgx",
	"github.com/joho/godotenv":                           ".env",
	"github.com/knadh/koanf/maps":                        "koanf",
	"github.com/knadh/koanf/parsers/yaml":                "koanf",
	"github.com/knadh/koanf/providers/confmap":           "koanf",
	"github.com/knadh/koanf/v2":                          "layers of the configuration",
	"github.com/mattn/go-colorable":                      "zerolog",
	"github.com/mattn/go-isatty":                         "go-colorable",
	"github.com/mitchellh/copystructure":                 "koanf",
	"github.com/mitchellh/reflectwalk":                   "koanf",
	"github.com/open-ticket-ai/otai/pkg/api":             "the contract",
	"github.com/open-ticket-ai/otai/pkg/params":          "its host's side",
	"github.com/remyoudompheng/bigfft":                   "modernc.org/libc",
	"github.com/riverqueue/river":                        "runs on PostgreSQL",
	"github.com/riverqueue/river/riverdriver":            "River",
	"github.com/riverqueue/river/riverdriver/riverpgxv5": "River",
	"github.com/riverqueue/river/rivershared":            "River",
	"github.com/riverqueue/river/rivertype":              "River",
	"github.com/rs/zerolog":                              "the log",
	"github.com/spf13/cobra":                             "commands",
	"github.com/spf13/pflag":                             "commands",
	"github.com/tidwall/gjson":                           "River",
	"github.com/tidwall/match":                           "River",
	"github.com/tidwall/pretty":                          "River",
	"github.com/tidwall/sjson":                           "River",
	"go.yaml.in/yaml/v3":                                 "configurations",
	"golang.org/x/crypto":                                "minisign",
	"golang.org/x/net":                                   "the HTML of mails",
	"golang.org/x/sync":                                  "River, puddle",
	"golang.org/x/sys":                                   "terminals, file locks",
	"golang.org/x/term":                                  "terminals",
	"golang.org/x/text":                                  "encodings, pgx",
	"modernc.org/libc":                                   "sqlite",
	"modernc.org/mathutil":                               "sqlite",
	"modernc.org/memory":                                 "sqlite",
	"modernc.org/sqlite":                                 "runs in a file",
}

func TestWhatBindsPluginsIsFewAndPrinted(t *testing.T) {
	t.Parallel()
	out, code := runIn(t.TempDir(), environment(t), "version", "--packages", "--json")
	var answer struct {
		Packages []struct{ Package, Module, Version string }
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 {
		t.Fatalf("exit code %d: %v\n%s", code, err, out)
	}
	found := make(map[string]string)
	for _, p := range answer.Packages {
		found[p.Module] = p.Version
		if boundModules[p.Module] == "" {
			t.Errorf("%s of %s binds plugins, and nothing says why", p.Package, p.Module)
		}
	}
	text, _ := runIn(t.TempDir(), environment(t), "version", "--packages")
	for module := range boundModules {
		if found[module] == "" || !strings.Contains(text, module) || !strings.Contains(lineWith(text, module), found[module]) && module != "" {
			t.Errorf("%s is not listed: version %q", module, found[module])
		}
	}
}
