package params_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

func restored(t testing.TB, s *params.Spec) *params.Spec {
	t.Helper()
	other, err := params.Restore(throughJSON(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return other
}

func diagnosticTexts(err error) []string {
	var texts []string
	for _, d := range params.Diagnostics(err) {
		texts = append(texts, string(d.Code)+" "+d.String())
	}
	return texts
}

func TestARestoredSpecFindsTheSameDiagnostics(t *testing.T) {
	s := describe[everything](t)
	other := restored(t, s)
	for name, raw := range map[string]m{
		"nothing":              {},
		"all right":            {"text": "abc", "limit": 3, "owner": m{"name": "x"}, "places": m{"a": m{"user": "u"}}},
		"wrong kinds":          {"flag": "maybe", "count": "x", "small": 300, "ratio": "y", "wait": "soon", "since": "now", "names": "a", "labels": []any{}},
		"bounds":               {"text": "a", "count": 501, "ratio": 2, "wait": "2h", "names": []any{"a", "b", "c", "d"}},
		"not in the enum":      {"mode": "rx"},
		"an empty entity":      {"owner": m{}, "entities": []any{m{"name": "a"}, m{}}},
		"a missing inner key":  {"auth": m{"tag": "x"}, "maybe": m{}, "places": m{"a": m{}}},
		"unknown keys":         {"texd": 1, "auth": m{"user": "u", "usr": 1}},
		"secrets of the wrong": {"password": m{}, "pin": "no number"},
		"templates":            {"count": "{{ n }}", "owner": m{"name": "{{ x }}"}, "wait": "{{ w }}"},
	} {
		t.Run(name, func(t *testing.T) {
			_, want := params.Decode(s, raw, params.Binder{Offline: true})
			_, got := params.Decode(other, raw, params.Binder{Offline: true})
			if want, got := diagnosticTexts(want), diagnosticTexts(got); !slices.Equal(want, got) {
				t.Errorf("restored it finds %q, want %q", got, want)
			}
		})
	}
}

func TestARestoredSpecBindsChildrenAndLeavesServicesOut(t *testing.T) {
	other := restored(t, describe[struct {
		Steps []api.ChildPipe          `otai:"steps,required"`
		Cases map[string]api.ChildPipe `otai:"cases"`
		On    api.ChildPipe            `otai:"on"`
		Desk  api.TicketSystem         `inject:"desk"`
		Rest  map[string]any           `otai:",rest"`
	}](t))
	var places []string
	_, err := params.Decode(other, m{"steps": []any{1, 2}, "cases": m{"a": 3}, "on": 4, "more": 5}, params.Binder{
		Offline: true,
		Child: func(path params.Path, raw any) (api.ChildPipe, error) {
			places = append(places, fmt.Sprint(path, "=", raw))
			return api.ChildPipe{}, nil
		},
	})
	if want := []string{"steps[0]=1", "steps[1]=2", "cases.a=3", "on=4"}; !slices.Equal(want, places) || err != nil {
		t.Errorf("children %q, want %q; %v", places, want, err)
	}
}

type selfChecked struct {
	Port int `otai:"port"`
}

func (s *selfChecked) Validate() error { return errors.New("is never right") }

func TestASpecTellsThatCodeIsMissingToCheckIt(t *testing.T) {
	type outer struct {
		Inner []*selfChecked `otai:"inner"`
		Owner *api.Entity    `otai:"owner"`
	}
	s := describe[outer](t)
	if s.Unchecked() || !restored(t, s).Unchecked() || restored(t, describe[struct {
		Owner *api.Entity `otai:"owner"`
	}](t)).Unchecked() {
		t.Error("Unchecked")
	}
	if _, err := params.Decode(restored(t, s), m{"inner": []any{m{"port": 1}}}, params.Binder{}); err != nil {
		t.Errorf("without the plugin's code nothing is wrong: %v", err)
	}
}

func TestRestoreRefusesWhatIsNoDescription(t *testing.T) {
	deep := &params.Spec{Kind: params.KindString}
	for range 200 {
		deep = &params.Spec{Kind: params.KindList, Elem: deep}
	}
	text := "x"
	object := func(f *params.Spec) *params.Spec {
		return &params.Spec{Kind: params.KindObject, Fields: []*params.Spec{f}}
	}
	for name, s := range map[string]*params.Spec{
		"nothing":            nil,
		"no struct":          {Kind: params.KindString},
		"no kind":            object(&params.Spec{Name: "a"}),
		"no element":         object(&params.Spec{Name: "a", Kind: params.KindList}),
		"no field":           object(nil),
		"odd bits":           object(&params.Spec{Name: "a", Kind: params.KindInt, Bits: 7}),
		"an unfit default":   object(&params.Spec{Name: "a", Kind: params.KindInt, Default: &text}),
		"too deep":           object(deep),
		"an unfit inner one": object(object(&params.Spec{Name: "b"})),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := params.Restore(s); err == nil {
				t.Error("accepted")
			}
		})
	}
}
