package counted

import "testing"

func TestOneIsNotSeveral(t *testing.T) {
	for n, want := range map[int]string{0: "0 runs wait", 1: "1 run waits", 2: "2 runs wait", 21: "21 runs wait"} {
		if got := Of(n, "run waits", "runs wait"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
