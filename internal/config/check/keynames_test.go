package check_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/pkg/api"
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

// quotaParams have keys of the user's choice, about which only the plugin's own code
// knows.
type quotaParams struct {
	Quotas map[string]int `otai:"quotas"`
}

// Validate names the key as authors do, without quotes.
func (p *quotaParams) Validate() error {
	for key, quota := range p.Quotas {
		if quota == 1 {
			return &api.FieldError{Field: "quotas." + key, Err: errors.New("is too small")}
		}
	}
	return nil
}

// probed is a catalog of a plugin that is not opened in this process: all that it says
// comes as JSON.
type probed struct{ catalogtest.Catalog }

func (p probed) Find(use string) (catalog.Component, bool) {
	if use == "acme:Quotas" {
		p.Offered[use] = catalogtest.Pipe[quotaParams]("Quotas")
	}
	component, ok := p.Catalog.Find(use)
	if ok {
		var sent params.Spec
		overJSON(component.Params, &sent)
		spec, err := params.Restore(&sent)
		if err != nil {
			panic(err)
		}
		component.Params = spec
	}
	return component, ok
}

func (p probed) CheckParams(questions []catalog.ParamsQuestion) [][]params.Diagnostic {
	var answers [][]params.Diagnostic
	for _, q := range questions {
		component, _ := p.Catalog.Find(q.Use)
		var given map[string]any
		overJSON(q.Params, &given)
		_, err := params.Decode(component.Params, given, params.Binder{Offline: true})
		var sent []params.Diagnostic
		overJSON(params.Diagnostics(err), &sent)
		answers = append(answers, sent)
	}
	return answers
}

func overJSON(from, to any) {
	data, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		panic(err)
	}
}

// plugin is the place of a key that the plugin's own code reports.
const plugin = "a mapping that the plugin checks"

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
		diags = diags.And(check.Check(doc, probed{catalogtest.New()}))
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
				code := "unknown-key"
				if place == plugin {
					code = "bad-param"
				}
				if !ok || len(diags) != 1 || diags[0].Line != line || diags[0].Code != code {
					t.Errorf("%q: want one %s in line %d, got %v", key, code, line, diags)
					continue
				}
				read, err := params.ParsePath(diags[0].Path)
				if path = path.Key(key); err != nil || !read.Equal(path) {
					t.Errorf("%q: the path is %q, which is read as %q (%v), want %q", key, diags[0].Path, read, err, path)
				}
				if code == "unknown-key" && !strings.Contains(diags[0].Message, fmt.Sprintf("unknown key %q", key)) {
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
				// What keeps a file from being read has no path.
				if d.Line != line || err != nil || len(path) > 0 && !path.Equal(around) && !path.Equal(around.Key(key)) && !path.Equal(around.Key(seen)) {
					t.Errorf("%s, key %q in line %d below %q: got %v (path %q)", place, key, line, around, d, path)
				}
			}
		}
	})
}

// A comment makes a text a template, whose value is known only when it runs.
func TestATextWithACommentIsATemplateOfAnyKind(t *testing.T) {
	file := strings.Replace(placesOfKeys["an object in params"].file, "KEY: 1", `limit: "{# a page #}5"`, 1)
	doc, diags := config.Read(config.Options{Files: []config.Source{{Name: "c.yml", Data: []byte(file)}}})
	if doc != nil {
		diags = diags.And(check.Check(doc, probed{catalogtest.New()}))
	}
	if diags.HasErrors() {
		t.Error(diags)
	}
}
