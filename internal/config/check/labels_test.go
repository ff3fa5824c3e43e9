package check_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// The params of a plugin that has a root, a runner, a trigger, a sequence and two
// writers of its own, with other keys than the built-in ones.
type (
	loopParams struct {
		Work []api.ChildPipe `otai:"work,required"`
		Rest time.Duration   `otai:"rest_between" default:"PT0.01S"`
	}
	gateParams struct {
		Gate  api.ChildPipe  `otai:"gate,required"`
		Task  api.ChildPipe  `otai:"task,required"`
		Extra map[string]any `otai:",rest"`
	}
	rowParams struct {
		Stages []api.ChildPipe `otai:"stages"`
		Extra  map[string]any  `otai:",rest"`
	}
	clockParams struct {
		Every time.Duration `otai:"every" default:"PT0.5S"`
	}
	moveParams struct {
		Tickets api.TicketSystem `inject:"ticket_system"`
		Change  api.TicketUpdate `otai:"change,required"`
	}
	remoteParams struct {
		BaseURL string `otai:"base_url,required"`
	}
	remarkParams struct {
		Tickets api.TicketSystem `inject:"ticket_system"`
		Remark  api.Note         `otai:"remark"`
	}
)

// foreignCatalog has that plugin's pipes, with or without its labels.
func foreignCatalog(labeled bool) catalogtest.Catalog {
	c := catalogtest.New()
	label := func(i api.Injectable, labels ...string) api.Injectable {
		for n := 0; labeled && n < len(labels); n += 2 {
			i = i.WithLabel(labels[n], labels[n+1])
		}
		return i
	}
	maps.Copy(c.Offered, map[string]api.Injectable{
		"acme:Loop":   label(catalogtest.Pipe[loopParams]("Loop"), "children", "separate", "pause", "rest_between"),
		"acme:Gate":   label(catalogtest.Pipe[gateParams]("Gate"), "children", "separate, parent-params", "triggered-by", "gate"),
		"acme:Row":    label(catalogtest.Pipe[rowParams]("Row"), "children", "sequence"),
		"acme:Each":   label(catalogtest.Pipe[gateParams]("Each"), "children", "separate, param:item"),
		"acme:Many":   label(catalogtest.Pipe[rowParams]("Many"), "children", "many, one after the other"),
		"acme:Later":  label(catalogtest.Pipe[rowParams]("Later"), "children", "sequence,word-of-a-later-version"),
		"acme:Half":   label(catalogtest.Pipe[rowParams]("Half"), "children", "parent-params"),
		"acme:Clock":  label(catalogtest.Pipe[clockParams]("Clock"), "interval", "every"),
		"acme:Move":   label(catalogtest.Pipe[moveParams]("Move"), "updates", "change"),
		"acme:Remark": label(catalogtest.Pipe[remarkParams]("Remark"), "adds-note", "remark"),
		"acme:Desk":   label(catalogtest.Service[remoteParams, catalogtest.FakeTickets]("Desk"), "open-tickets", "{ Closed: no }"),
	})
	return c
}

const foreignText = `services:
  desk: { use: acme:Desk, params: { base_url: https://desk.example.com } }
orchestrator:
  use: acme:Loop
  params:
    work:
      - id: gate
        use: acme:Gate
        params:
          gate: { use: acme:Clock }
          shared: 1
          task:
            use: acme:Row
            params:
              stages:
                - id: find
                  use: base:FetchTicketsPipe
                  injects: { ticket_system: desk }
                  params: { ticket_search_criteria: { limit: 1 } }
                - id: move
                  use: acme:Move
                  injects: { ticket_system: desk }
                  params: { change: { queue: { name: "{{ get_pipe_result('find', 'fetched_tickets')[0].id }}" } } }
                - use: acme:Remark
                  injects: { ticket_system: desk }
                  params: { remark: { body: "{{ get_pipe_result('fund', 'fetched_tickets') }}" } }
                - use: base:ExpressionPipe
                  params: { expression: "{{ get_parent_param('stages') }} {{ get_parent_param('shared') }} {{ get_pipe_result('gate') }}" }
      - { id: second, use: base:ExpressionPipe, params: { expression: "{{ get_pipe_result('gate') }} {{ get_parent_param('rest_betweeen') }}" } }
`

func checkedForeign(t *testing.T, text string, labeled bool) []string {
	t.Helper()
	d, diags := config.Read(config.Options{Files: []config.Source{{Name: "c.yml", Data: []byte(text)}}})
	if d == nil || diags.HasErrors() {
		t.Fatal(diags)
	}
	var got []string
	for _, p := range check.Check(d, foreignCatalog(labeled)) {
		got = append(got, strconv.Itoa(p.Line)+" "+p.Code+": "+p.Hint)
	}
	return got
}

// A plugin that says by labels what its pipes do gets the checks of the built-in ones.
func TestTheLabelsOfAPluginBringTheSameChecks(t *testing.T) {
	want := []string{
		"26 unknown-result: did you mean find?",
		"28 unknown-parent-param: there is stages",
		"28 unknown-result: the orchestrator's own steps don't see each other's results: put both below params: steps: of one base:CompositePipe",
		"29 unknown-result: the orchestrator's own steps don't see each other's results: put both below params: steps: of one base:CompositePipe",
		"29 unknown-parent-param: did you mean rest_between?",
	}
	slices.Sort(want)
	got := checkedForeign(t, foreignText, true)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("with labels (-want +got):\n%s", diff)
	}
	got = checkedForeign(t, foreignText, false)
	if want := []string{
		"19 any-state: write states: [{ name: … }] below ticket_search_criteria",
		"21 unknown-effect: its author sets the label effect: none, or once if it changes something outside that must not happen twice",
	}; !slices.Equal(got, want) {
		t.Errorf("without labels nothing else is known of the pipes: got %q, want %q", got, want)
	}
}

func TestLabelsAreReadWhereNothingElseIsWrong(t *testing.T) {
	text := strings.NewReplacer("'fund'", "'find'", "get_parent_param('shared')", "1", " {{ get_pipe_result('gate') }}", "", "{{ get_pipe_result('gate') }} ", "", "rest_betweeen", "rest_between").Replace(foreignText)
	got := checkedForeign(t, text, true)
	want := []string{
		"10 polls-without-pause: write an interval of a second or more, such as PT10S",
		"19 any-state: write fields: { Closed: no } below ticket_search_criteria",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A loop hands its item on by Scope.WithParam; only its label can say so.
func TestAParamThatAPipeGivesToItsChildrenIsKnown(t *testing.T) {
	text := "orchestrator: { use: acme:Loop, params: { work: [{ use: acme:Each, params: { gate: { use: base:ExpressionPipe, params: { expression: \"{{ get_parent_param('item') }} {{ get_parent_param('itme') }}\" } }, task: { use: base:ExpressionPipe, params: { expression: a } } } }] } }"
	got := checkedForeign(t, text, true)
	if want := []string{"1 unknown-parent-param: did you mean item?"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The label meant nothing to the hosts of 0.1.0, so an author may have used it for
// something else; what such a pipe's children see is then as open as without it.
func TestALabelOfOtherWordsSaysNothingOfTheChildren(t *testing.T) {
	const text = "orchestrator: { use: acme:Loop, params: { work: [{ use: acme:%s, params: { stages: [{ id: a, use: base:ExpressionPipe, params: { expression: a } }, { use: base:ExpressionPipe, params: { expression: \"{{ get_pipe_result('a') }} {{ get_pipe_result('b') }} {{ get_parent_param('c') }}\" } }] } }] } }"
	for _, pipe := range []string{"Many", "Later", "Half"} {
		if got := checkedForeign(t, fmt.Sprintf(text, pipe), true); len(got) > 0 {
			t.Errorf("%s: %q, want nothing", pipe, got)
		}
	}
	if got := checkedForeign(t, fmt.Sprintf(text, "Row"), true); len(got) == 0 {
		t.Error("a sequence's templates aren't checked")
	}
}

func TestATriggerIsKnownByItsLabel(t *testing.T) {
	got := checkedForeign(t, "orchestrator: { use: acme:Loop, params: { work: [{ use: acme:Gate, params: { task: { use: acme:Row } } }] } }", true)
	if len(got) != 1 || !strings.HasPrefix(got[0], "1 missing-trigger: add gate: ") {
		t.Errorf("want one missing-trigger, got %q", got)
	}
}

// Every label of the built-in plugin is documented in pkg/params, and so is not a
// misspelled one.
func TestTheLabelsOfTheBuiltInPluginAreDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../../pkg/params/injectable_labels.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if strings.HasPrefix(name.Name, "Label") {
				value, _ := strconv.Unquote(spec.Values[i].(*ast.BasicLit).Value)
				known = append(known, value)
			}
		}
		return true
	})
	for _, i := range base.New("1.0.0", base.Options{}).Injectables() {
		offer, err := loader.Describe(i)
		if err != nil {
			t.Fatal(err)
		}
		for label, value := range offer.Labels {
			if !slices.Contains(known, label) {
				t.Errorf("%s has the label %q, which pkg/params doesn't document", i.Name, label)
			}
			if slices.Contains([]string{"triggered-by", "interval", "pause", "updates", "adds-note"}, label) && offer.Params.Field(value) == nil {
				t.Errorf("the label %q of %s names %q, which is not one of its params", label, i.Name, value)
			}
		}
	}
}
