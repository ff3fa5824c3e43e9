package registry_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

func pipe(name string) api.Injectable {
	return api.NewPipeFunc(name, "Does nothing.", func(context.Context, struct{}, api.Scope) (api.PipeResult, error) {
		return api.Success(nil), nil
	})
}

func TestRegisteredInjectablesAreFoundUnderPrefixAndName(t *testing.T) {
	r := registry.New(":")
	app := api.AppConfig{APIVersion: "1.2.0"}
	if err := r.Register("otai-otobo-znuny", "otobo-znuny", app, []api.Injectable{pipe("B"), pipe("A")}); err != nil {
		t.Fatal(err)
	}
	entry, ok := r.Find("otobo-znuny:A")
	if !ok || entry.Name != "otobo-znuny:A" || entry.Plugin != "otai-otobo-znuny" || entry.Injectable.Name != "A" || entry.App.APIVersion != "1.2.0" {
		t.Errorf("Find = %+v, %v", entry, ok)
	}
	if _, ok := r.Find("otobo-znuny:a"); ok {
		t.Error("a name in other case was found")
	}
	if got, want := r.Names(), []string{"otobo-znuny:A", "otobo-znuny:B"}; !slices.Equal(got, want) {
		t.Errorf("Names = %q, want %q", got, want)
	}
}

func TestADuplicateNameRegistersNothingAndNamesBothPlugins(t *testing.T) {
	tests := map[string]struct {
		plugin string
		list   []api.Injectable
		want   registry.DuplicateError
		says   []string
	}{
		"taken by another plugin": {
			"otai-two",
			[]api.Injectable{pipe("New"), pipe("Taken")},
			registry.DuplicateError{Name: "x:Taken", First: "otai-one", Second: "otai-two"},
			[]string{"x:Taken", "otai-one", "otai-two", "remove"},
		},
		"twice in one plugin": {
			"otai-two",
			[]api.Injectable{pipe("New"), pipe("New")},
			registry.DuplicateError{Name: "x:New", First: "otai-two", Second: "otai-two"},
			[]string{"x:New", "otai-two", "twice"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := registry.New(":")
			if err := r.Register("otai-one", "x", api.AppConfig{}, []api.Injectable{pipe("Taken")}); err != nil {
				t.Fatal(err)
			}
			err := r.Register(test.plugin, "x", api.AppConfig{}, test.list)
			var duplicate *registry.DuplicateError
			if !errors.As(err, &duplicate) || *duplicate != test.want {
				t.Fatalf("error = %#v, want %#v", err, test.want)
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not mention %q", err, part)
				}
			}
			if got := r.Names(); !slices.Equal(got, []string{"x:Taken"}) {
				t.Errorf("after the error the names are %q", got)
			}
			if entry, _ := r.Find("x:Taken"); entry.Plugin != "otai-one" {
				t.Errorf("x:Taken now belongs to %s", entry.Plugin)
			}
		})
	}
}

func TestManyGoroutinesMayUseARegistry(t *testing.T) {
	r := registry.New("/")
	var group sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		group.Go(func() {
			if err := r.Register("otai-"+name, name, api.AppConfig{}, []api.Injectable{pipe("P")}); err != nil {
				t.Error(err)
			}
			if _, ok := r.Find(name + "/P"); !ok {
				t.Errorf("%s/P is missing", name)
			}
			r.Names()
		})
	}
	group.Wait()
	if got := len(r.Names()); got != 4 {
		t.Errorf("%d names, want 4", got)
	}
}
