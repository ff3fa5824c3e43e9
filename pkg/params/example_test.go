package params_test

import (
	"fmt"
	"reflect"
	"time"

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
