package main_test

import (
	"testing"

	main "github.com/open-ticket-ai/otai/cmd/otai"
)

func TestAWrongValueOfAFlagIsReportedInTheSameWords(t *testing.T) {
	for _, flag := range []struct{ command, flag, want string }{
		{"validate", "--json=maybe", `--json is "maybe", and needs true or false`},
		{"classify", "--top-k=x", `--top-k is "x", and needs a whole number from 0`},
	} {
		root := main.NewRoot()
		root.SetArgs([]string{flag.command, flag.flag})
		if err := root.Execute(); err == nil || err.Error() != flag.want {
			t.Errorf("otai %s %s: got %v, want %s", flag.command, flag.flag, err, flag.want)
		}
	}
}
