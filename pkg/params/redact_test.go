package params_test

import (
	"reflect"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params"
)

type hiding struct {
	URL      string            `otai:"url"`
	Password string            `otai:"password,required,secret"`
	Headers  map[string]string `otai:"headers,secret"`
	Users    []struct {
		Name  string `otai:"name"`
		Token string `otai:"token,secret"`
	} `otai:"users"`
}

func TestRedactHidesEverySecretValue(t *testing.T) {
	raw := m{
		"url": "https://help.example", "password": "{{ get_env('PW') }}", "headers": m{"Authorization": "x"},
		"users": []any{newDict("name", "a", "token", 12345), m{"token": nil}}, "pasword": "typo", "other": m{"x": "y"},
	}
	want := m{
		"url": "https://help.example", "password": "***", "headers": "***",
		"users": []any{m{"name": "a", "token": "***"}, m{"token": nil}}, "pasword": "***", "other": m{"x": "y"},
	}
	got := params.Redact(describe[hiding](t), raw)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if raw["password"] == "***" {
		t.Error("the raw params were changed")
	}
	if params.Redact(describe[hiding](t), nil) != nil {
		t.Error("nothing became something")
	}
}
