package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// unusualKeys are those that a path writes in quotes, and others.
var unusualKeys = []string{"sort.by", "user name", "1.5", "a[0]", "", "max. Anzahl", `say "x"`, "it's", "[0]", "]", `["a"]`, "größe", "x:y", "0", "true", "#", "a.b[1].c"}

// placesOfKeys are places of a key that nothing declares. KEY and VALUE stand for the
// key as YAML and what is below it; the paths lead to the mapping.
var placesOfKeys = map[string]struct {
	file string
	path params.Path
}{
	"a service's params": {
		"services:\n  desk:\n    use: otobo-znuny:OTOBOZnunyTicketSystemService\n    params:\n      base_url: http://127.0.0.1/x\n      KEY: 1\norchestrator: {params: {steps: []}}\n",
		params.Keys("services", "desk", "params"),
	},
	"a pipe's params": {
		"services:\n  desk: {use: otobo-znuny:OTOBOZnunyTicketSystemService, params: {base_url: http://127.0.0.1/x}}\norchestrator:\n  params:\n    steps:\n      - id: f\n        use: base:FetchTicketsPipe\n        injects: {ticket_system: desk}\n        params:\n          KEY: 1\n",
		params.Keys("orchestrator", "params", "steps").Index(0).Key("params"),
	},
	"an object in params": {
		"services:\n  desk: {use: otobo-znuny:OTOBOZnunyTicketSystemService, params: {base_url: http://127.0.0.1/x}}\norchestrator:\n  params:\n    steps:\n      - id: f\n        use: base:FetchTicketsPipe\n        injects: {ticket_system: desk}\n        params:\n          ticket_search_criteria:\n            states: [{name: new}]\n            KEY: 1\n",
		params.Keys("orchestrator", "params", "steps").Index(0).Key("params").Key("ticket_search_criteria"),
	},
	"an object in a list": {
		"services:\n  desk: {use: otobo-znuny:OTOBOZnunyTicketSystemService, params: {base_url: http://127.0.0.1/x}}\norchestrator:\n  params:\n    steps:\n      - id: f\n        use: base:FetchTicketsPipe\n        injects: {ticket_system: desk}\n        params:\n          ticket_search_criteria:\n            states:\n              - name: new\n                KEY: 1\n",
		params.Keys("orchestrator", "params", "steps").Index(0).Key("params").Key("ticket_search_criteria").Key("states").Index(0),
	},
	"a child's params": {
		"orchestrator:\n  params:\n    steps:\n      - id: r\n        use: acme:Switch\n        params:\n          cases:\n            one.two:\n              use: base:IntervalTrigger\n              params:\n                interval: 5\n                KEY: 1\n",
		params.Keys("orchestrator", "params", "steps").Index(0).Key("params").Key("cases").Key("one.two").Key("params"),
	},
}

// readKey reads and checks the file of a place with that key in it. ok is false for a
// key that YAML writes in several lines.
func readKey(t *testing.T, place, key string) (diags config.Diagnostics, line int, path params.Path, ok bool) {
	t.Helper()
	p := placesOfKeys[place]
	written, err := yaml.Marshal(key)
	if err != nil || strings.Count(string(written), "\n") != 1 {
		return nil, 0, nil, false
	}
	before, after, _ := strings.Cut(p.file, "KEY")
	doc, diags := config.Read(config.Options{Files: []config.Source{{Name: "c.yml", Data: []byte(before + strings.TrimSpace(string(written)) + after)}}})
	if doc != nil {
		diags = diags.And(check.Check(doc, catalogtest.New()))
	}
	// Some files have warnings of their own.
	diags = slices.DeleteFunc(diags, func(d config.Diagnostic) bool { return d.Code == "any-state" || d.Code == "polls-without-pause" })
	return diags, strings.Count(before, "\n") + 1, p.path, true
}

func TestAnUnusualKeyIsReportedAtItsLine(t *testing.T) {
	for place := range placesOfKeys {
		t.Run(place, func(t *testing.T) {
			for _, key := range unusualKeys {
				diags, line, path, ok := readKey(t, place, key)
				if !ok || len(diags) != 1 || diags[0].Line != line || diags[0].Code != "unknown-key" {
					t.Errorf("%q: want one report of an unknown key in line %d, got %v", key, line, diags)
					continue
				}
				read, err := params.ParsePath(diags[0].Path)
				if path = path.Key(key); err != nil || !read.Equal(path) {
					t.Errorf("%q: the path is %q, which is read as %q (%v), want %q", key, diags[0].Path, read, err, path)
				}
				if !strings.Contains(diags[0].Message, fmt.Sprintf("unknown key %q", key)) {
					t.Errorf("the message doesn't name the key %q: %s", key, diags[0])
				}
			}
		})
	}
}

// Whatever a key is called, what is reported about it stands in its line, and has a
// path that leads to it or to the mapping around it.
func FuzzKeyNames(f *testing.F) {
	for _, key := range append(unusualKeys, "a\tb", "\x7f", "<<", "base_url", "passwort", "{{ x", "{# a #}", "zero\u200bwidth", "${NAME}", "injects", "steps", "intervall", "*a", "0x10", "~") {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if len(key) > 100 || !utf8.ValidString(key) {
			return
		}
		// Characters that can't be seen are reported, and then taken as not there.
		seen := strings.Map(func(r rune) rune {
			if source.Invisible(r) {
				return -1
			}
			return r
		}, key)
		for place := range placesOfKeys {
			diags, line, around, _ := readKey(t, place, key)
			for _, d := range diags {
				path, err := params.ParsePath(d.Path)
				if d.Line != line || err != nil || !path.Equal(around) && !path.Equal(around.Key(key)) && !path.Equal(around.Key(seen)) {
					t.Errorf("%s, key %q in line %d below %q: got %v (path %q)", place, key, line, around, d, path)
				}
			}
		}
	})
}
