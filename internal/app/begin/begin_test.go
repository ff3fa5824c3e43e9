package begin

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestAnAddressOfABrowserLeadsToTheWebService(t *testing.T) {
	const at = "/nph-genericinterface.pl"
	for _, c := range []struct {
		text string
		want string
		open bool
	}{
		{"https://desk.example.org/otobo/", "https://desk.example.org/otobo" + at, false},
		{"https://desk.example.org/otobo/index.pl?Action=AgentDashboard", "https://desk.example.org/otobo" + at, false},
		{"https://desk.example.org/znuny/customer.pl#x", "https://desk.example.org/znuny" + at, false},
		{"https://desk.example.org/otrs" + at, "https://desk.example.org/otrs" + at, false},
		{"https://desk.example.org/otrs" + at + "/Webservice/X", "https://desk.example.org/otrs" + at, false},
		{"https://desk.example.org:8443/a/b", "https://desk.example.org:8443/a/b" + at, false},
		{"desk.example.org/znuny", "https://desk.example.org/znuny" + at, false},
		{" https://desk.example.org ", "https://desk.example.org/otobo" + at + " https://desk.example.org/znuny" + at + " https://desk.example.org/otrs" + at, false},
		{"http://desk.example.org/otobo", "http://desk.example.org/otobo" + at, true},
		{"http://127.0.0.1:80/otobo", "http://127.0.0.1:80/otobo" + at, false},
		{"http://[::1]/otobo", "http://[::1]/otobo" + at, false},
		{"http://localhost/otobo", "http://localhost/otobo" + at, false},
		{"http://localhost.example.org/otobo", "http://localhost.example.org/otobo" + at, true},
	} {
		got, open, err := addressesOf(c.text)
		if err != nil || strings.Join(got, " ") != c.want || open != c.open {
			t.Errorf("%s: %v, %v, %v", c.text, got, open, err)
		}
	}
	for _, text := range []string{"ftp://x/", "https://", "https://a:hidden@b/", "https://${X}/", "https://a b/", "javascript:alert(1)", "https://[/"} {
		if got, _, err := addressesOf(text); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestALabelGoesToTheQueueOfItsName(t *testing.T) {
	queues := []string{"IT::Network", "Billing", "Human Resources", "IT::VPN Access", "hr"}
	for _, c := range []struct{ label, target, near string }{
		{"Billing", "Billing", ""},
		{"billing", "Billing", ""},
		{"HR", "hr", ""},
		{"Network", "", "IT::Network"},
		{"Support::Network", "", "IT::Network"},
		{"Biling", "", "Billing"},
		{"VPN Acces", "", "IT::VPN Access"},
		{"Gardening", "", ""},
		{"{{ x }}", "", ""},
		{"", "", ""},
	} {
		if got := propose(c.label, queues); got.target != c.target || got.near != c.near {
			t.Errorf("%q: %+v", c.label, got)
		}
	}
}

func TestALabelMayHaveAnEqualsSign(t *testing.T) {
	labels := []string{"a", "a=b", "c"}
	for text, want := range map[string]string{"a=X": "a|X", "a=b=X": "a|b=X", "c=": "", "d=X": "", "c": ""} {
		label, queue, ok := cutRow(text, labels)
		if got := label + "|" + queue; ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, %v", text, got, ok)
		}
	}
}

func TestTheQueueWithMostNewTicketsComesFirst(t *testing.T) {
	ticket := func(queue, state string) api.Ticket {
		return api.Ticket{Queue: &api.Entity{Name: queue}, State: &api.Entity{Name: state}}
	}
	got := summed([]api.Ticket{ticket("Busy", "open"), ticket("Busy", "open"), ticket("Busy", "new"), ticket("Raw", "new"), ticket("Raw", "new"), ticket("bad\nname", "new"), {}, ticket("A", "closed")})
	if got.tickets != 8 || !slices.Equal(got.queues, []string{"Raw", "Busy", "A"}) {
		t.Errorf("%+v", got)
	}
}

func TestTicketsAreTakenEvenlyAndOnce(t *testing.T) {
	var ids []string
	for i := range 1000 {
		ids = append(ids, fmt.Sprintf("%04d", i), fmt.Sprintf("%04d", i))
	}
	got := spread(ids, 10)
	if want := []string{"0000", "0100", "0200", "0300", "0400", "0500", "0600", "0700", "0800", "0900"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if got := spread([]string{"2", "1", "2"}, 10); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("%v", got)
	}
}

// What is written says itself that nothing else is written.
func TestNothingButTheRowsIsAllowed(t *testing.T) {
	for kind, want := range map[string]bounds.Allow{
		kindQueue:    {Queues: &bounds.Values{Names: []string{"HR"}}, Priorities: &bounds.Values{}, States: &bounds.Values{}, InternalNotes: true},
		kindPriority: {Queues: &bounds.Values{}, Priorities: &bounds.Values{Names: []string{"HR"}}, States: &bounds.Values{}, InternalNotes: true},
	} {
		d := &dialog{settings: settings{address: "https://desk.example.org", queues: []string{"Incoming"}, kind: kind, rows: []row{{label: "hr", target: "HR"}, {label: "it"}}}}
		read, diags := config.Read(config.Options{Files: []config.Source{{Name: configName, Data: []byte(d.text())}}})
		if read == nil || len(diags) > 0 {
			t.Fatal(diags)
		}
		if got := read.Services[0].Bounds.Allow; got.String() != want.String() {
			t.Errorf("%s: %s, want %s", kind, got, &want)
		}
	}
}
