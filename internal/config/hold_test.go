package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config"
)

// TestOlderTrustAndWiderBoundsNeverComeBack lays what a configuration with mistakes says of trust and
// bounds over one that worked.
func TestOlderTrustAndWiderBoundsNeverComeBack(t *testing.T) {
	const was = `
trusted_keys: [OLD, OTHER]
plugin_dirs: [old]
plugins: [{name: otai-a, sha256: ` + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + `}]
services:
  desk: {use: a:Desk, params: {url: x, max_changes: 1}, allow: {queues: [IT, HR]}, max_changes: {tickets_per_hour: 100}}
  other: {use: a:Desk}
orchestrator: {params: {steps: []}}
`
	for _, tt := range []struct {
		what, now string
		want      string // "" where it must not run
	}{
		{"a key is revoked", "trusted_keys: [OTHER]\norchestrator: {parms: 1}\n", "OTHER|old|otai-a+|IT,HR|100"},
		{"all is narrower", "trusted_keys: [OTHER]\nplugin_dirs: new\nplugins: [{name: otai-a, enabled: false}]\nservices: {desk: {use: 1, allow: {queues: [IT]}, max_changes: {tickets_per_hour: 1}}}\n", "OTHER|new|otai-a-|IT|1"},
		{"another form of allow", "services: {desk: {use: x, allow: {priorities: [low]}}}\n", "OLD,OTHER|old|otai-a+|any|100"},
		{"nothing is said of them", "orchestrator: {parms: 1}\n", "OLD,OTHER|old|otai-a+|IT,HR|100"},
		{"empty keys say nothing", "trusted_keys:\nplugin_dirs:\nplugins:\norchestrator: 1\n", "OLD,OTHER|old|otai-a+|IT,HR|100"},
		{"an older form", "otai:\n  trusted_keys: [OTHER]\n  services: [{id: desk, use: x, allow: {queues: [IT]}}]\n", "OTHER|old|otai-a+|IT|100"},
		{"a service without its use", "services: {desk: {allow: {queues: [IT]}}}\n", "OLD,OTHER|old|otai-a+|IT|100"},
		{"a further service with bounds", "services: {desk: {use: x, allow: {queues: [IT]}}, other: {use: y}, more: {use: x, allow: {queues: [IT]}}}\norchestrator: 1\n", "OLD,OTHER|old|otai-a+|IT|100"},
		{"a misspelled key", "trusted_key: [OTHER]\n", ""},
		{"keys at a wrong place", "infrastructure: {trusted_keys: [OTHER]}\n", ""},
		{"keys of a wrong form", "trusted_keys: {a: OTHER}\n", ""},
		{"a wrong checksum", "plugins: [{name: otai-a, sha256: x}]\n", ""},
		{"a plugin without a name", "plugins: [{sha256: x}]\n", ""},
		{"a mistake in allow", "services: {desk: {use: x, allow: {queue: [IT]}}}\n", ""},
		{"an empty allow", "services: {desk: {use: x, allow: }}\n", ""},
		{"a misspelled allow", "services: {desk: {use: x, alow: {queues: [IT]}}}\n", ""},
		{"an allow below params", "services: {desk: {use: x, params: {allow: {queues: [IT]}}}}\n", ""},
		{"a mistake in max_changes", "services: {desk: {use: x, max_changes: {tickets_per_hour: many}}}\n", ""},
		{"a service given twice", "services:\n  desk: {use: x}\n  desk: {use: x, allow: {queues: [IT]}}\n", ""},
		{"services of a wrong form", "services: 1\n", ""},
		{"a service of a wrong form", "services: {desk: 1}\n", ""},
		{"an allow beside the services", "services: {desk: {use: x}, allow: {queues: [IT]}}\n", ""},
		{"an allow at the top", "allow: {queues: [IT]}\nservices: {desk: {use: x}}\n", ""},
		{"a misspelled allow at the top", "alow: {queues: [IT]}\nservices: {desk: {use: x}}\n", ""},
		{"an allow below infrastructure", "infrastructure: {allow: {queues: [IT]}}\n", ""},
		{"an allow below the orchestrator", "orchestrator: {allow: {queues: [IT]}}\n", ""},
		{"an allow in a runner", "orchestrator: {runners: [{id: a, allow: {queues: [IT]}}]}\n", ""},
		{"bounds of a service without an id", "services: [{idd: desk, use: x, allow: {queues: [IT]}}, {id: other, use: y}]\n", ""},
		{"bounds of a service that isn't indented", "services:\n  use: x\n  allow: {queues: [IT]}\n", ""},
		{"bounds below a misspelled key that is understood", "servizes: {desk: {use: x, allow: {queues: [IT]}}}\n", "OLD,OTHER|old|otai-a+|IT|100"},
		{"bounds below another key", "helpdesks: {desk: {use: x, allow: {queues: [IT]}}}\n", ""},
		{"all below a misspelled key", "otaii: {trusted_keys: [OTHER], services: {desk: {use: x}}}\n", ""},
		{"misspelled bounds below a misspelled key", "otaii: {services: {desk: {use: x, alow: {queues: [IT]}}}}\n", ""},
		{"plugins below a service", "services: {desk: {use: x, plugins: [{name: otai-a, enabled: false}]}}\n", ""},
		{"a param that is named like a bound, as before", "services: {desk: {use: x, allow: {queues: [IT]}, params: {max_changes: 1}}}\norchestrator: 1\n", "OLD,OTHER|old|otai-a+|IT|100"},
		{"a misspelled key that is none of them", "orchestratr: {parms: 1}\nservices: {desk: {use: x, allow: {queues: [IT]}}}\n", "OLD,OTHER|old|otai-a+|IT|100"},
		{"a renamed service", "services: {desk2: {use: x, allow: {queues: [IT]}}, other: {use: y}}\n", ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			o := config.Options{Files: []config.Source{{Name: "was", Data: []byte(was)}}}
			before, diags := config.Read(o)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			held, mistakes := config.Read(config.Options{Files: []config.Source{{Name: "now", Data: []byte(tt.now)}}})
			if held == nil || !config.Readable(config.Source{Name: "now", Data: []byte(tt.now)}) {
				t.Fatal(mistakes)
			}
			got := ""
			why := held.Holds(mistakes, before)
			if len(why) == 0 {
				o.Held = held
				d, diags := config.Read(o)
				if diags.HasErrors() {
					t.Fatal(diags)
				}
				got = trust(d)
			}
			if got != tt.want {
				t.Errorf("%q, want %q; %v", got, tt.want, why)
			}
		})
	}
}

func trust(d *config.Document) string {
	plugins, queues, most := "", "any", 0
	for _, p := range d.Plugins {
		plugins += p.Name
		if p.SHA256 != "" {
			plugins += "+"
		}
		if p.Enabled != nil && !*p.Enabled {
			plugins += "-"
		}
	}
	for _, s := range d.Services {
		if s.ID == "desk" {
			if most = s.Bounds.TicketsPerHour; s.Bounds.Allow.Queues != nil {
				queues = strings.Join(s.Bounds.Allow.Queues.Names, ",")
			}
		}
	}
	return fmt.Sprintf("%s|%s|%s|%s|%d", strings.Join(d.TrustedKeys, ","), strings.Join(d.PluginDirs, ","), plugins, queues, most)
}

func TestWhatCanNotBeLookedAt(t *testing.T) {
	for text, readable := range map[string]bool{"": false, "a: [": false, "text": false, "- a\n": false, "a: 1\n": true, "services: 1\n": true} {
		if got := config.Readable(config.Source{Name: "f", Data: []byte(text)}); got != readable {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestAMistakeInWhatHoldsIsSaidAtItsPlace: the values that hold keep the places of their file.
func TestAMistakeInWhatHoldsIsSaidAtItsPlace(t *testing.T) {
	held, _ := config.Read(config.Options{Files: []config.Source{{Name: "now", Data: []byte("a: 1\ntrusted_keys: [OTHER]\n")}}})
	d, _ := config.Read(config.Options{Held: held, Files: []config.Source{{Name: "was", Data: []byte("trusted_keys: [OLD]\norchestrator: {params: {steps: []}}\n")}}})
	if at := d.Locate("trusted_keys[0]"); at.File != "now" || at.Line != 2 {
		t.Errorf("%v", at)
	}
}
