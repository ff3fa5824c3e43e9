package params_test

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

func Example() {
	type fetchParams struct {
		BaseURL string        `otai:"base_url,required" doc:"Where it answers."`
		Mode    string        `otai:"mode" default:"ro" enum:"ro,rw"`
		Timeout time.Duration `otai:"timeout" default:"30s"`
		Limit   int           `otai:"limit" default:"10" min:"1"`
	}
	spec, err := params.Describe(reflect.TypeFor[fetchParams]())
	if err != nil {
		fmt.Println(err)
		return
	}

	p, err := params.Decode(spec, map[string]any{"base_url": "https://help.example", "timeout": "PT1M30S", "limit": "25"}, params.Binder{})
	fmt.Printf("%+v %v\n", *p.(*fetchParams), err)

	_, err = params.Decode(spec, map[string]any{"base-url": "https://help.example", "mode": "w", "limit": 0}, params.Binder{})
	for _, d := range params.Diagnostics(err) {
		fmt.Println(d)
	}
	// Output:
	// {BaseURL:https://help.example Mode:ro Timeout:1m30s Limit:25} <nil>
	// base_url: is required
	// mode: is "w" but must be one of ro, rw
	// limit: is 0 but must be at least 1
	// base-url: unknown key (did you mean "base_url"?)
}

// A host finds the secrets of a configuration, and keys that mean nothing.
func ExampleWalk() {
	type loginParams struct {
		User     string `otai:"user"`
		Password string `otai:"password,secret"`
	}
	spec, err := params.Describe(reflect.TypeFor[loginParams]())
	if err != nil {
		fmt.Println(err)
		return
	}
	raw := map[string]any{"user": "otai", "password": "xyzzy", "pasword": 1}
	params.Walk(spec, raw, func(p *params.Place) params.Next {
		switch {
		case p.Spec == nil:
			fmt.Printf("no field declares %s\n", p.Path)
		case p.Secret():
			fmt.Printf("%s is secret\n", p.Path)
		}
		return params.Into
	})
	// Output:
	// password is secret
	// no field declares pasword
}

// A key with a dot is written so that the path can be read back.
func ExamplePath() {
	path := params.Keys("steps").Index(2).Key("params").Key("max. size")
	fmt.Println(path)

	read, err := params.ParsePath(path.String())
	fmt.Println(read.Equal(path), read.HasPrefix(params.Keys("steps")), err)
	// Output:
	// steps[2].params["max. size"]
	// true true <nil>
}

// A Validate says what tags can't; its error names the key.
func ExampleDiagnostics() {
	err := fmt.Errorf("checking the params: %w", errors.Join(
		&api.FieldError{Field: "note.subject", Err: errors.New("is empty")},
		errors.New("give a queue or a state"),
	))
	for _, d := range params.Diagnostics(err) {
		fmt.Printf("%q %s: %s\n", d.Path, d.Code, d.Message)
	}
	// Output:
	// "note.subject" other: is empty
	// "" other: give a queue or a state
}
