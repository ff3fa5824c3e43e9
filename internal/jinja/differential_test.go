package jinja

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/jinja/builtins"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// The comparison with Jinja2 is over a part of the templates in the usual run and
// over all with OTAI_TEST_ALL=1. OTAI_JINJA_SEED makes other templates, and
// OTAI_JINJA_REPORT names a file for those that the two disagree on.
const (
	templatesUsually = 600
	templatesInAll   = 5000
	mostDisagreement = 0.03
)

func TestAgreesWithJinja2(t *testing.T) {
	if out, err := exec.Command("python3", "-c", "import jinja2; assert jinja2.__version__ >= '3.1'").CombinedOutput(); err != nil {
		t.Skipf("the comparison needs python3 with Jinja2 3.1: %v %s", err, out)
	}
	n, seed := templatesUsually, uint64(1)
	if os.Getenv("OTAI_TEST_ALL") != "" {
		n = templatesInAll
	}
	if s := os.Getenv("OTAI_JINJA_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatal(err)
		}
	}
	g := newGenerator(seed)
	templates := g.templates(n)
	s, r, scope := suiteRenderer(t)
	answers := askJinja2(t, s.Ctx, templates)
	compared, disagreed := 0, 0
	var report strings.Builder
	for i, source := range templates {
		if answers[i].has("skip") {
			continue
		}
		compared++
		out, err := render(r, scope, source)
		if why := disagreement(t, answers[i], out, err); why != "" {
			disagreed++
			fmt.Fprintf(&report, "%q\n\t%s\n", source, why)
		}
	}
	if name := os.Getenv("OTAI_JINJA_REPORT"); name != "" {
		if err := os.WriteFile(name, []byte(report.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	share := float64(disagreed) / float64(compared)
	t.Logf("of %d templates %d can't be compared (they show addresses in memory, or Python takes too long); %d of %d disagree: %.2f %%", n, n-compared, disagreed, compared, 100*share)
	least, coverage := g.coverage()
	t.Logf("%d templates nest three deep or deeper; each of %d features is used at least %d times: %s", g.deep, len(allFeatures()), least, coverage)
	if n == templatesInAll && least < 20 {
		t.Errorf("a feature is used %d times, want 20", least)
	}
	if share > mostDisagreement {
		t.Errorf("more than %.0f %% disagree:\n%s", 100*mostDisagreement, report.String())
	}
}

func TestTheGeneratorKnowsAllOfTheLibrary(t *testing.T) {
	l := builtins.New(nil)
	methods := func(m map[string]*runtime.Method) map[string]bool { return nameSet(maps.Keys(m)) }
	for _, c := range []struct {
		kind     string
		has      map[string]bool
		features []feature
	}{
		{"filter", nameSet(maps.Keys(l.Filters)), filterFeatures},
		{"test", nameSet(maps.Keys(l.Tests)), testFeatures},
		{"method of texts", methods(l.TextMethods), textMethodFeatures},
		{"method of lists", methods(l.ListMethods), listMethodFeatures},
		{"method of mappings", methods(l.DictMethods), dictMethodFeatures},
	} {
		known := map[string]bool{}
		for _, f := range c.features {
			known[f.name] = true
		}
		if !maps.Equal(c.has, known) {
			t.Errorf("the generator's %ss are %v, those of the library %v", c.kind, slices.Sorted(maps.Keys(known)), slices.Sorted(maps.Keys(c.has)))
		}
	}
}

func nameSet(names iter.Seq[string]) map[string]bool {
	set := map[string]bool{}
	for name := range names {
		set[name] = true
	}
	return set
}

func askJinja2(t *testing.T, variables json.RawMessage, templates []string) []expected {
	t.Helper()
	job, err := json.Marshal(map[string]any{"variables": variables, "templates": templates})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", filepath.Join("..", "..", "tools", "jinja-reference", "answer.py"))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(job), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := make([]expected, 0, len(templates))
	for line := range bytes.Lines(out) {
		var answer expected
		if err := json.Unmarshal(line, &answer); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		answers = append(answers, answer)
	}
	if len(answers) != len(templates) {
		t.Fatalf("%d answers to %d templates", len(answers), len(templates))
	}
	return answers
}

// disagreement says how the two answers differ, or "". An error on one side only
// is a difference, but for a template whose value is missing or an object without
// plain form: those are errors here.
func disagreement(t *testing.T, want expected, out api.Rendered, err error) string {
	t.Helper()
	var failed *api.FailError
	switch {
	case want.has("fail"):
		if !errors.As(err, &failed) {
			return fmt.Sprintf("Jinja2 yields the mark of fail(), here it is %#v, %v", out.Value, err)
		}
		return ""
	case want.has("err"), want.has("u"), want.has("o"):
		if err == nil {
			return fmt.Sprintf("Jinja2 fails: %s %s %s%s; here it is %s", want["err"], want["why"], want["u"], want["o"], encoded(out.Value))
		}
		return ""
	case err != nil:
		return fmt.Sprintf("Jinja2 yields %s; here it fails: %v", shown(want), err)
	}
	if ours := encoded(out.Value); ours != shown(want) {
		return fmt.Sprintf("Jinja2 yields\n\t\t%s\n\there it is\n\t\t%s", shown(want), ours)
	}
	return ""
}

func shown(e expected) string {
	var v any
	data, err := json.Marshal(e)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		return err.Error()
	}
	return written(v)
}

// encoded is a value as answer.py writes it, order of keys included.
func encoded(v any) string {
	var encode func(v any) any
	encode = func(v any) any {
		switch x := v.(type) {
		case nil:
			return map[string]any{"n": 1}
		case bool:
			return map[string]any{"b": x}
		case string:
			return map[string]any{"s": x}
		case float64:
			return map[string]any{"f": value.FloatText(x)}
		case []any:
			list := make([]any, len(x))
			for i := range x {
				list[i] = encode(x[i])
			}
			return map[string]any{"l": list}
		}
		if pairs, ok := value.PairsOf(v); ok {
			list := make([]any, len(pairs))
			for i, p := range pairs {
				list[i] = []any{encode(value.KeyText(p.Key)), encode(p.Value)}
			}
			return map[string]any{"d": list}
		}
		return map[string]any{"i": fmt.Sprint(v)}
	}
	return written(encode(v))
}

func written(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}
