package params

import "testing"

func TestAnInjectionIsNamedInWords(t *testing.T) {
	for goInterface, want := range map[string]string{
		"github.com/open-ticket-ai/otai/pkg/api.Classifier":       "a text classifier",
		"github.com/open-ticket-ai/otai/pkg/api.TicketSystem":     "a ticket system",
		"github.com/open-ticket-ai/otai/pkg/api.TemplateRenderer": "a template renderer",
		"acme.example/sms.SMSGateway":                             "an SMS gateway",
		"acme.example/store.TicketArchive":                        "a ticket archive",
		"acme.example/store.Archive":                              "an archive",
		"acme.example/labels.Classifier":                          "a classifier",
		"main.URLStore":                                           "a URL store",
		"":                                                        "a service",
	} {
		if got := ServiceWords(goInterface); got != want {
			t.Errorf("%s is %q, want %q", goInterface, got, want)
		}
	}
}
