package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// PasswordVariable is the environment variable that answers for a password that
// the configuration doesn't give.
const PasswordVariable = "OTAI_OTOBO_ZNUNY_PASSWORD"

// Params configure the service. Their names and defaults are Open Ticket AI's.
type Params struct {
	BaseURL        string        `otai:"base_url,required" doc:"Address of the help desk's GenericInterface, up to and including nph-genericinterface.pl."`
	Username       string        `otai:"username" default:"open_ticket_ai" doc:"Login of the agent that does the work."`
	Password       string        `otai:"password,secret" doc:"The agent's password; not given, the environment variable OTAI_OTOBO_ZNUNY_PASSWORD answers."`
	WebserviceName string        `otai:"webservice_name" default:"OpenTicketAI" doc:"Name of the web service in the help desk."`
	OperationURLs  OperationURLs `otai:"operation_urls" doc:"Routes of the web service's operations."`
	Timeout        time.Duration `otai:"timeout" default:"30s" doc:"Give up a single request after this."`
	TimeZone       string        `otai:"time_zone" default:"UTC" doc:"Zone that the help desk keeps its times in (its setting OTOBOTimeZone or OTRSTimeZone), such as Europe/Berlin."`
}

// OperationURLs are the routes of the operations, below the web service.
type OperationURLs struct {
	Search string `otai:"search" default:"ticket-search" doc:"Route of the operation TicketSearch."`
	Get    string `otai:"get" default:"ticket-get" doc:"Route of the operation TicketGet."`
	Update string `otai:"update" default:"ticket-update" doc:"Route of the operation TicketUpdate."`
	Create string `otai:"create" default:"ticket-create" doc:"Route of the operation TicketCreate."`

	// The names that Open Ticket AI gives them. One that is given counts.
	TicketSearch string `otai:"TicketSearch" doc:"As search, by the operation's own name."`
	TicketGet    string `otai:"TicketGet" doc:"As get, by the operation's own name."`
	TicketUpdate string `otai:"TicketUpdate" doc:"As update, by the operation's own name."`
	TicketCreate string `otai:"TicketCreate" doc:"As create, by the operation's own name."`
}

// Validate checks what can be checked offline.
func (p *Params) Validate() error {
	if err := checkBaseURL(p.BaseURL); err != nil {
		return &api.FieldError{Field: "base_url", Err: err}
	}
	if p.Timeout < 0 {
		return &api.FieldError{Field: "timeout", Err: fmt.Errorf("is %v and must be above zero", p.Timeout)}
	}
	if _, err := time.LoadLocation(p.TimeZone); err != nil {
		return &api.FieldError{Field: "time_zone", Err: fmt.Errorf("%q is no time zone (write one such as UTC or Europe/Berlin)", p.TimeZone)}
	}
	return nil
}

func checkBaseURL(s string) error {
	const example = "write it as in https://desk.example.org/otobo/nph-genericinterface.pl"
	u, err := url.Parse(strings.TrimSpace(s))
	switch {
	case err != nil:
		// Not wrapped: the error of net/url quotes the address, and with it a password.
		return errors.New("is no valid address: " + example)
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("must begin with http:// or https://: " + example)
	case u.Hostname() == "":
		return errors.New("names no host: " + example)
	case u.User != nil:
		return errors.New("must not hold a login: use username and password")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("must end with nph-genericinterface.pl, without ? or #: " + example)
	default:
		return nil
	}
}

// withDefaults fills in what a template or Go code left empty.
func (p Params) withDefaults() Params {
	p.BaseURL = strings.TrimRight(strings.TrimSpace(p.BaseURL), "/")
	p.Username = cmp.Or(p.Username, "open_ticket_ai")
	p.WebserviceName = cmp.Or(p.WebserviceName, "OpenTicketAI")
	p.Timeout = cmp.Or(p.Timeout, 30*time.Second)
	p.TimeZone = cmp.Or(p.TimeZone, "UTC")
	u := &p.OperationURLs
	u.Search = cmp.Or(strings.Trim(u.TicketSearch, "/"), strings.Trim(u.Search, "/"), "ticket-search")
	u.Get = cmp.Or(strings.Trim(u.TicketGet, "/"), strings.Trim(u.Get, "/"), "ticket-get")
	u.Update = cmp.Or(strings.Trim(u.TicketUpdate, "/"), strings.Trim(u.Update, "/"), "ticket-update")
	u.Create = cmp.Or(strings.Trim(u.TicketCreate, "/"), strings.Trim(u.Create, "/"), "ticket-create")
	return p
}
