package loader_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/loader"
)

func askDoor(t *testing.T, questions ...string) report {
	t.Helper()
	return askDoorFor(t, "-models", questions...)
}

func askDoorFor(t *testing.T, what string, questions ...string) report {
	t.Helper()
	args := []string{"-inspect", "-timeout", "5s"}
	for _, q := range questions {
		args = append(args, what, `{"use": "validates:Door", `+q+`}`)
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

func TestAServiceIsAskedForTheLabelsOfModelsInAProcessOfItsOwn(t *testing.T) {
	r := askDoorFor(t, "-labels", `"names": ["", "gone"], "env": {"DOOR": "9"}`, `"names": ["x"], "params": {"mode": "unbuildable"}`)
	if r.CheckError != "" || r.Opened {
		t.Fatalf("error %q; opened here: %v", r.CheckError, r.Opened)
	}
	want := [][]loader.ModelLabels{{{Labels: []string{" behind 9", "true"}}, {Unknown: "no such door"}}, {}}
	if !reflect.DeepEqual(r.Labels, want) {
		t.Errorf("got  %q\nwant %q", r.Labels, want)
	}
	for name, says := range map[string]string{"panic": "the door fell down", "forever": "did not come to an end within 5s"} {
		if r := askDoorFor(t, "-labels", `"names": ["`+name+`"]`); !strings.Contains(r.CheckError, says) || !strings.Contains(r.CheckError, "and Labels") {
			t.Errorf("%s: %q", name, r.CheckError)
		}
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
