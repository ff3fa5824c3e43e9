package loader_test

import (
	"reflect"
	"strings"
	"testing"
)

func askDoor(t *testing.T, questions ...string) report {
	t.Helper()
	args := []string{"-inspect", "-timeout", "5s"}
	for _, q := range questions {
		args = append(args, "-models", `{"use": "validates:Door", `+q+`}`)
	}
	return host(t, append(args, folder(t, map[string]string{"otai_validates.so": "zoo:otai_validates.so"}))...)
}

func TestAServiceIsAskedForMissingModelsInAProcessOfItsOwn(t *testing.T) {
	r := askDoor(
		t,
		`"names": ["here", "gone", ""], "env": {"DOOR": "9"}`,
		`"names": ["gone"], "params": {"mode": "unbuildable"}`,
		`"names": ["gone"], "params": {"mode": "refuse"}`,
		`"names": []`,
	)
	if r.CheckError != "" || r.Opened {
		t.Fatalf("error %q; opened here: %v", r.CheckError, r.Opened)
	}
	want := [][]map[string]string{
		{{"model": "gone", "message": "not behind the door 9"}, {"model": "", "message": "not behind the door 9"}},
		{},
		{},
		{},
	}
	if !reflect.DeepEqual(r.Models, want) {
		t.Errorf("got  %q\nwant %q", r.Models, want)
	}
}

func TestAServiceThatEndsTheProcessIsAnErrorAndNoMore(t *testing.T) {
	r := askDoor(t, `"names": ["panic"]`)
	for _, says := range []string{"find models of otai-validates: ", "the door fell down", "asked for its models", "FindModels"} {
		if !strings.Contains(r.CheckError, says) {
			t.Errorf("%q doesn't say %q", r.CheckError, says)
		}
	}
}
