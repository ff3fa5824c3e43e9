package jinja

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/builtins"
	"github.com/open-ticket-ai/otai/internal/jinja/eval"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

var update = flag.Bool("update", false, "write the tables of docs/templates.md anew")

// signaturesOf are the signatures of one table's names, as the library has them.
func signaturesOf(l *runtime.Library, table string) map[string]string {
	found := map[string]string{}
	switch table {
	case "pipeline", "functions":
		for _, f := range map[string][]*runtime.Function{"pipeline": builtins.PipelineFunctions(nil), "functions": builtins.Functions()}[table] {
			found[f.Name] = String(f.Signature)
		}
	case "filters":
		for name, f := range l.Filters {
			found[name] = called(f.Signature, name)
		}
	case "tests":
		for name, t := range l.Tests {
			found[name] = called(t.Signature, name)
		}
	case "loop":
		for _, name := range eval.LoopNames {
			found[name] = "loop." + name
		}
		found["cycle"] += "(…)"
		found["changed"] += "(…)"
	default:
		methods := map[string]map[string]*runtime.Method{"text methods": l.TextMethods, "list methods": l.ListMethods, "dict methods": l.DictMethods}[table]
		for name, m := range methods {
			found[name] = "." + String(m.Signature)
			if len(m.Params) == 0 && !m.Variadic && !m.Keywords {
				found[name] += "()"
			}
		}
	}
	return found
}

func called(s runtime.Signature, name string) string {
	s.Name = name
	return String(s)
}

// String is the signature as a reader writes it: optional parameters in brackets.
func String(s runtime.Signature) string {
	var parts []string
	for i, p := range s.Params {
		if i >= s.Required {
			p = "[" + p + "]"
		}
		parts = append(parts, p)
	}
	if s.Variadic {
		parts = append(parts, "…")
	}
	if s.Keywords {
		parts = append(parts, "name=…")
	}
	if len(parts) == 0 {
		return s.Name
	}
	return s.Name + "(" + strings.Join(parts, ", ") + ")"
}

func documentationScope() (*Renderer, api.Scope) {
	r := New(Options{Env: func(name string) (string, bool) { return "IT", name == "QUEUE" }})
	scope := api.Scope{}.Enter(map[string]any{"threshold": 0.8}).Enter(nil).
		WithResult("classify", api.Success(map[string]any{"label": "Billing"})).
		WithResult("move", api.Failure("refused"))
	return r, scope
}

// table is one table in Markdown, with the results that the code yields.
func table(t *testing.T, title string, lines []described) string {
	t.Helper()
	r, scope := documentationScope()
	signatures := signaturesOf(r.environment.Library, title)
	var b strings.Builder
	examples := slices.ContainsFunc(lines, func(d described) bool { return d.example != "" })
	if examples {
		b.WriteString("| name | what it yields | for example | |\n|---|---|---|---|\n")
	} else {
		b.WriteString("| name | what it yields |\n|---|---|\n")
	}
	for _, d := range lines {
		signature, ok := signatures[d.name]
		delete(signatures, d.name)
		if !ok {
			t.Errorf("%s: the library has no %q", title, d.name)
		}
		if d.does == "" {
			continue // an alias, which is described with its name
		}
		fmt.Fprintf(&b, "| %s | %s |", code(signature), d.does)
		switch {
		case d.example != "":
			out, err := render(r, scope, "{{ "+d.example+" }}")
			if err != nil {
				t.Errorf("%s %s: %v", title, d.name, err)
			}
			fmt.Fprintf(&b, " %s | %s |", code(d.example), code(shownValue(out)))
		case examples:
			b.WriteString(" | |")
		}
		b.WriteString("\n")
	}
	for name := range maps.Keys(signatures) {
		t.Errorf("%s: %q is not described", title, name)
	}
	return b.String()
}

func shownValue(out api.Rendered) string {
	s, text := out.Value.(string)
	if !text {
		return out.Text
	}
	return value.Briefly(s)
}

// code is text for a cell of a table.
func code(s string) string {
	s = strings.ReplaceAll(s, "|", `\|`)
	mark := "`"
	if strings.Contains(s, "`") {
		mark = "``"
	}
	return mark + s + mark
}

func limitsTable() string {
	d := budget.DefaultLimits()
	var b strings.Builder
	b.WriteString("| limit | default |\n|---|---|\n")
	for _, row := range [][2]string{
		{"length of a template", fmt.Sprintf("%d KiB", d.Source>>10)},
		{"steps: nodes, iterations and elements", strconv.Itoa(d.Steps)},
		{"text that is built in total", fmt.Sprintf("%d MiB", d.Output>>20)},
		{"elements of a range, columns of a padded text", strconv.Itoa(d.Range)},
		{"depth of nested macros, recursive loops and values", strconv.Itoa(d.Depth)},
		{"time", d.Time.String()},
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", row[0], row[1])
	}
	return b.String()
}

// TestTheReferenceIsThatOfTheCode compares the tables in docs/templates.md with the
// library; go test -update writes them.
func TestTheReferenceIsThatOfTheCode(t *testing.T) {
	name := filepath.Join("..", "..", "docs", "templates.md")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	put := func(title, content string) {
		begin, end := "<!-- table: "+title+" -->\n", "<!-- end -->"
		before, rest, ok := strings.Cut(page, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Errorf("%s has no place for the table %q", name, title)
			return
		}
		page = before + begin + "\n" + content + "\n" + end + after
	}
	for _, table1 := range references {
		put(table1.title, table(t, table1.title, table1.lines))
	}
	put("limits", limitsTable())
	if t.Failed() || page == string(data) {
		return
	}
	if !*update {
		t.Fatalf("%s is not up to date: go test ./internal/jinja -run Reference -update", name)
	}
	if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestALoopOffersWhatTheReferenceSays(t *testing.T) {
	for _, name := range eval.LoopNames {
		if out, err := render(New(Options{}), api.Scope{}, "{% for x in [1] %}{{ loop."+name+" is defined or loop."+name+" is undefined }}{% endfor %}"); err != nil || out.Text != "True" {
			t.Errorf("loop.%s: %q, %v", name, out.Text, err)
		}
	}
}
