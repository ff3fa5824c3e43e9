package eval

import "testing"

func TestALoopHasAllOfItsNames(t *testing.T) {
	for _, name := range LoopNames {
		l := &loop{items: []any{1}}
		if _, ok := l.Attribute(name); !ok {
			t.Errorf("a loop has no %q", name)
		}
	}
}
