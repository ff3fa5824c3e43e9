package params_test

import (
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params"
)

func TestIsNil(t *testing.T) {
	var pointer *int
	var fn func()
	for name, c := range map[string]struct {
		v    any
		want bool
	}{
		"nil": {nil, true}, "a pointer": {pointer, true}, "a map": {m(nil), true}, "a slice": {[]int(nil), true}, "a function": {fn, true},
		"a struct": {struct{}{}, false}, "zero": {0, false}, "an empty map": {m{}, false}, "a pointer to something": {new(int), false},
	} {
		if params.IsNil(c.v) != c.want {
			t.Errorf("%s: want %v", name, c.want)
		}
	}
}

func TestIsMapping(t *testing.T) {
	for v, want := range map[any]bool{newDict("a", 1): true, "a": false, nil: false} {
		if params.IsMapping(v) != want {
			t.Errorf("%v: want %v", v, want)
		}
	}
	if !params.IsMapping(m{}) || params.IsMapping([]any{}) {
		t.Error("a Go map or list")
	}
}
