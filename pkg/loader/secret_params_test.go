package loader

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/pkg/params"
)

type withSecrets struct {
	URL   string            `otai:"url"`
	Key   string            `otai:"key,secret"`
	Empty string            `otai:"empty,secret"`
	Later string            `otai:"later,secret"`
	Pins  []int             `otai:"pins,secret"`
	Map   map[string]string `otai:"map,secret"`
	In    struct {
		Token string `otai:"token,secret"`
		Size  int    `otai:"size"`
	} `otai:"in"`
}

func TestAProcessThatAsksAPluginGetsNoSecretOfItsParams(t *testing.T) {
	spec, err := params.Describe(reflect.TypeFor[withSecrets]())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Secret: func(key string) bool { return key == "pasword" }}
	raw := map[string]any{
		"url": "http://x", "key": "geheim", "empty": "", "later": "{{ x }}", "pins": []any{int64(1234)}, "map": map[string]any{"a": "bä"},
		"in": map[string]any{"token": "abc", "size": int64(3)}, "pasword": "abcd", "other": "seen",
	}
	got, places := o.hideSecrets([]Offer{{Name: "p:S", Params: spec}}, "p:S", raw)
	want := map[string]any{
		"url": "http://x", "key": "xxxxxx", "empty": "", "later": "{{ x }}", "pins": []any{nil}, "map": map[string]any{"a": "xx"},
		"in": map[string]any{"token": "xxx", "size": int64(3)}, "pasword": "xxxx", "other": "seen",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if raw["key"] != "geheim" {
		t.Error("the configuration itself was changed")
	}
	found := []params.Diagnostic{{Path: params.Path{}.Key("key")}, {Path: params.Path{}.Key("url")}, {Path: nil}}
	if left := withoutHidden(found, places); len(left) != 2 || len(places) != 5 {
		t.Errorf("%v are left, %v are hidden", left, places)
	}
	if got, _ := o.hideSecrets(nil, "p:S", raw); got != nil {
		t.Errorf("what nobody described is sent: %v", got)
	}
}

func TestAProbeKnowsFewVariables(t *testing.T) {
	o := Options{
		Environ:  []string{"PATH=/bin", "LC_ALL=C", "XDG_API_KEY=1", "HELPDESK_PASSWORD=1", "LICENSE_FILE=/x", "LICENSE_KEY=1", "OTHER=1", "ill"},
		Policies: []Policy{{Name: "otai-words", Env: []string{"LICENSE_FILE", "LICENSE_KEY"}}},
		Secret:   func(name string) bool { return name == "XDG_API_KEY" || name == "LICENSE_KEY" },
	}
	for plugin, want := range map[string][]string{
		"otai-words": {"PATH=/bin", "LC_ALL=C", "LICENSE_FILE=/x"},
		"otai-other": {"PATH=/bin", "LC_ALL=C"},
	} {
		if diff := cmp.Diff(want, o.probeEnviron(plugin)); diff != "" {
			t.Errorf("%s: %s", plugin, diff)
		}
	}
	if (&Options{}).probeEnviron("otai-words") == nil {
		t.Error("nil is the whole environment")
	}
}
