package loader_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/params"
)

func checkDoor(t *testing.T, checks ...string) report {
	t.Helper()
	args := []string{"-inspect", "-timeout", "2s"}
	for _, given := range checks {
		args = append(args, "-check", `{"use": "validates:Door", "params": `+given+`}`)
	}
	r := host(t, append(args, folder(t, map[string]string{"otai_validates.so": "zoo:otai_validates.so"}))...)
	if p := r.plugin(t, "otai_validates.so"); p.Status != loader.Loaded {
		t.Fatalf("the plugin was refused: %s", p.Message)
	}
	if r.Opened {
		t.Error("the asking process opened the plugin itself")
	}
	return r
}

func TestAPluginsOwnValidateIsAsked(t *testing.T) {
	r := checkDoor(t, `{"mode": "fine"}`, `{"mode": "refuse"}`, `{"mode": "count", "count": 9007199254740993}`, `{"mode": "panic"}`, `{"mood": 1}`)
	if r.CheckError != "" {
		t.Fatal(r.CheckError)
	}
	want := [][]params.Diagnostic{
		{},
		{{Path: params.Keys("mode"), Code: params.CodeValidate, Message: "the door is closed"}},
		{{Code: params.CodeValidate, Message: "9007199254740993 people want in"}},
		{{Code: params.CodeBroken, Message: "can't be checked, because the plugin's Validate panicked: the door fell down"}},
		{{Path: params.Keys("mood"), Code: params.CodeUnknownKey, Message: "unknown key", Hint: "there are mode, count"}},
	}
	if !reflect.DeepEqual(r.Checked, want) {
		t.Errorf("got  %q\nwant %q", r.Checked, want)
	}
}

func TestAValidateThatDoesNotAnswerIsAnError(t *testing.T) {
	for mode, says := range map[string]string{
		"panic later": "the door fell down later",
		"exit":        "ended with exit status 0, while the Validate of its params was running",
		"loop":        "within 2s, while the Validate of its params was running",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			r := checkDoor(t, `{"mode": "fine"}`, `{"mode": "`+mode+`"}`)
			if r.Checked != nil || !strings.Contains(r.CheckError, "check params of otai-validates: ") || !strings.Contains(r.CheckError, says) || !strings.Contains(r.CheckError, "from Validate") {
				t.Errorf("got %q and %q, want an error with %q", r.Checked, r.CheckError, says)
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %v", took)
			}
		})
	}
}
