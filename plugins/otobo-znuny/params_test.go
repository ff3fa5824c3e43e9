package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

func TestThePluginDescribesItself(t *testing.T) {
	p := CreatePlugin(api.AppConfig{})
	if m := p.Metadata(); m.Name != "otai-otobo-znuny" || m.API != ">=1.0.0 <2" {
		t.Errorf("metadata is %+v", m)
	}
	var names []string
	for _, i := range p.Injectables() {
		names = append(names, i.Name)
	}
	if got := strings.Join(names, " "); got != "OTOBOZnunyTicketSystemService FetchTicketsPipe" {
		t.Errorf("injectables are %s", got)
	}
}

func TestThePasswordComesFromTheEnvironmentWhenNotGiven(t *testing.T) {
	var redacted []string
	host := func(env map[string]string) api.Host {
		return api.NewHost(api.HostOptions{
			Env:    func(name string) (string, bool) { v, ok := env[name]; return v, ok },
			Redact: func(s string) { redacted = append(redacted, s) },
		})
	}
	s, err := newTicketSystem(Params{BaseURL: "https://desk.example.org/otobo/nph-genericinterface.pl/"}, host(map[string]string{wire.PasswordVariable: "from-env"}))
	if err != nil || len(redacted) != 1 || redacted[0] != "from-env" {
		t.Fatalf("%v, redacted %v", err, redacted)
	}
	if want := "https://desk.example.org/otobo/nph-genericinterface.pl/Webservice/OpenTicketAI"; s.client.URL() != want {
		t.Errorf("service is %s", s.client.URL())
	}
	d := newDesk(t) // it wants its password with each request
	fromEnv, err := newTicketSystem(Params{BaseURL: d.URL + "/znuny/nph-genericinterface.pl"}, host(map[string]string{wire.PasswordVariable: "geheim-4711"}))
	if err != nil {
		t.Fatal(err)
	}
	defer fromEnv.Close()
	if err := fromEnv.CheckHealth(t.Context()); err != nil {
		t.Error(err)
	}
	_, err = newTicketSystem(Params{BaseURL: "https://desk.example.org/x"}, host(nil))
	var field *api.FieldError
	if !errors.As(err, &field) || field.Field != "password" || !strings.Contains(err.Error(), wire.PasswordVariable) {
		t.Errorf("without password: %v", err)
	}
}

func TestParamsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		p     Params
		field string
	}{
		"no address":  {Params{}, "base_url"},
		"no scheme":   {Params{BaseURL: "desk.example.org/otobo"}, "base_url"},
		"ftp":         {Params{BaseURL: "ftp://desk.example.org"}, "base_url"},
		"no host":     {Params{BaseURL: "http:///otobo"}, "base_url"},
		"a login":     {Params{BaseURL: "http://me:geheim@desk.example.org"}, "base_url"},
		"a query":     {Params{BaseURL: "http://desk.example.org/?a=b"}, "base_url"},
		"unparseable": {Params{BaseURL: "http://me:geheim@%zz"}, "base_url"},
		"a zone":      {Params{BaseURL: "http://d", TimeZone: "Mars/Base"}, "time_zone"},
		"a timeout":   {Params{BaseURL: "http://d", Timeout: -1}, "timeout"},
	} {
		err := c.p.Validate()
		var field *api.FieldError
		if !errors.As(err, &field) || field.Field != c.field || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAllMistakesInTheParamsAreNamedInTheirOrder(t *testing.T) {
	p := Params{
		BaseURL: "desk.example.org", Timeout: -1, Timeouts: Timeouts{Search: -1, Get: -2, Update: -3, Create: -4},
		TimeZone: "Mars/Base", NoteMarker: "x", TLS: TLS{CertFile: "c"}, Proxy: "x",
	}
	want := "base_url timeout timeouts.search timeouts.get timeouts.update timeouts.create time_zone note_marker tls proxy"
	for range 20 { // the order of a map would differ
		var fields []string
		for _, d := range params.Diagnostics(p.Validate()) {
			fields = append(fields, d.Path.String())
		}
		if got := strings.Join(fields, " "); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

func TestRoutesAndNamesAreTakenFromTheParams(t *testing.T) {
	p := Params{BaseURL: "http://d/x", Password: "p", WebserviceName: "My Service", OperationURLs: OperationURLs{Search: "/Find/"}}
	s, err := newTicketSystem(p, api.Host{})
	if err != nil {
		t.Fatal(err)
	}
	routes := p.withDefaults().clientConfig(api.Host{}).Routes
	if s.client.URL() != "http://d/x/Webservice/My%20Service" || routes[wire.TicketSearch] != "Find" || routes[wire.TicketGet] != "ticket-get" {
		t.Errorf("%s %v", s.client.URL(), routes)
	}
}

func TestOfSeveralWrongFieldsTheSameOneIsNamedEachTime(t *testing.T) {
	s := newTestSystemForOrder(t)
	wrong := map[string]any{"Zebra": 1, "Alpha": 1, "Mitte": 1}
	for range 20 { // the order of a map would differ
		_, _, search := s.searchMessage(api.SearchCriteria{Fields: wrong})
		update := change{Ticket: map[string]any{}, Dynamic: map[string]any{}}.setFields("update", wrong, time.UTC)
		note := (&pendingNote{}).setFields("note.", wrong)
		_, operator := operators(wrong)
		for name, err := range map[string]error{"a search": search, "an update": update, "a note": note, "a condition": operator} {
			if err == nil || !strings.Contains(err.Error(), "Alpha") {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func newTestSystemForOrder(t *testing.T) *TicketSystem {
	t.Helper()
	s, err := newTicketSystem(Params{BaseURL: "http://d/x", Password: "geheim-x"}, api.Host{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
