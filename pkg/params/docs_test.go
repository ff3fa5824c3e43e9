package params_test

import (
	"reflect"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

func TestTheContractsDocumentationIsShownInPlainEnglish(t *testing.T) {
	spec, err := params.Describe(reflect.TypeFor[api.SearchCriteria]())
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"limit":  "Return at most this many.",
		"offset": "Skip this many first.",
		"queue":  "Queue the tickets are in.",
	} {
		if got := spec.Field(field).Doc; got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
}
