package pluginname_test

import (
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params/pluginname"
)

func TestTheFormsOfNames(t *testing.T) {
	for name, valid := range map[string]bool{
		"my-desk": true, "my_desk": true, "Desk2": true, "2fa": true,
		"": false, "-desk": false, "desk-": false, "my--desk": false, "my desk": false, "straße": false, "a/b": false, "a:b": false,
	} {
		if pluginname.Valid(name) != valid {
			t.Errorf("a plugin named %q: want %v", name, valid)
		}
	}
	for name, valid := range map[string]bool{
		"FetchTicketsPipe": true, "a_b2": true, "": false, "2fa": false, "_a": false, "a-b": false, "a b": false,
	} {
		if pluginname.ValidInjectable(name) != valid {
			t.Errorf("an injectable named %q: want %v", name, valid)
		}
	}
}
