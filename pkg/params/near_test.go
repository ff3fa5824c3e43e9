package params_test

import (
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params"
)

func TestNearFindsTheNameThatWasMeant(t *testing.T) {
	names := []string{"queue", "priority", "base_url", "password", "limit", "id", "ticket_search_criteria", "name"}
	cases := map[string]string{
		"queu": "queue", "qeuue": "queue", "prioirty": "priority", "Base-URL": "base_url", "pasword": "password", "passwrod": "password",
		"LIMIT": "limit", "limits": "limit", "ID": "id", "ids": "id", "ticket_search_criterion": "ticket_search_criteria", "nmae": "name",
		"ticket_search": "ticket_search_criteria", "priority_name": "priority", "url": "base_url", "search": "ticket_search_criteria",
		"colour": "", "x": "", "": "", "user": "", "on": "", "timeout": "",
	}
	for word, want := range cases {
		if got := params.Near(word, names); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
	if got := params.Near("abd", []string{"abc", "abd"}); got != "abd" {
		t.Errorf("the exact name loses against %q", got)
	}
	if got := params.Near("a", nil); got != "" {
		t.Errorf("got %q of nothing", got)
	}
}
