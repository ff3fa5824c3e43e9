package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// Params configure the service. The names and defaults of the first five are Open
// Ticket AI's.
type Params struct {
	BaseURL        string        `otai:"base_url,required" doc:"Address of the help desk's GenericInterface, up to and including nph-genericinterface.pl."`
	Username       string        `otai:"username" default:"open_ticket_ai" doc:"Login of the agent that does the work."`
	Password       string        `otai:"password,secret" doc:"The agent's password; if not given, the environment variable OTAI_OTOBO_ZNUNY_PASSWORD supplies it."`
	WebserviceName string        `otai:"webservice_name" default:"OpenTicketAI" doc:"Name of the web service in the help desk."`
	OperationURLs  OperationURLs `otai:"operation_urls" doc:"Routes of the web service's operations."`
	UseSession     bool          `otai:"use_session" doc:"Log in once and send a session id instead of the password with each request. The web service needs the operation SessionCreate, and SessionRemove for the session to end with otai."`
	Timeout        time.Duration `otai:"timeout" default:"30s" doc:"Give up a single request after this; large texts get more."`
	Timeouts       Timeouts      `otai:"timeouts" doc:"The same for single operations."`
	Late           time.Duration `otai:"late" default:"15s" min:"0s" doc:"How long after its timeout the help desk may still carry out a change whose answer did not come; until then it is not sent again."`
	TimeZone       string        `otai:"time_zone" default:"UTC" doc:"Zone that the help desk keeps its times in (its setting OTOBOTimeZone or OTRSTimeZone), such as Europe/Berlin."`

	Articles    string `otai:"articles" default:"all" enum:"all,first" doc:"Which articles of a ticket to read: all of them, or only the first, which is the ticket's body and then the only one of its notes."`
	Attachments string `otai:"attachments" default:"none" enum:"none,names,contents" doc:"What to read of attachments: nothing, their names and sizes, or their contents too. They appear in the notes' fields.Attachments."`
	HTML        bool   `otai:"html" doc:"Read the HTML of articles that have one, into the notes' fields.HTML. The body is always plain text."`

	NoteMarker   string `otai:"note_marker" doc:"Where a note carries the mark by which a repetition recognizes it: nothing (the note's own text is the mark), subject (a token at its end) or DynamicField_NAME (a dynamic field of articles)."`
	MaxNoteBytes int    `otai:"max_note_bytes" default:"4000000" min:"1000" doc:"Cut the body of a note that is longer; the web service takes 10 MB in all."`

	TLS               TLS     `otai:"tls" doc:"How to trust the help desk, and to be trusted by it."`
	Proxy             string  `otai:"proxy" doc:"Address of an HTTP proxy, or none for no proxy; if not given, HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment apply."`
	MaxConnections    int     `otai:"max_connections" default:"8" min:"1" doc:"Requests at one time; each occupies a worker process of the help desk's web server. A late one that others have overtaken doesn't count; in all there are never more than 8 times as many, nor more than 64."`
	RequestsPerSecond float64 `otai:"requests_per_second" min:"0" doc:"Send no more than this on average; 0 means no limit."`
	MaxResponseMB     int     `otai:"max_response_mb" default:"64" min:"1" doc:"Refuse an answer that is larger, in MiB; a batch is then read in smaller parts."`
	BreakerFailures   int     `otai:"breaker_failures" default:"10" min:"0" doc:"After this many requests in a row without an answer, send none for five seconds; 0 never pauses."`
}

// OperationURLs are the routes of the operations, below the web service.
type OperationURLs struct {
	Search  string `otai:"search" default:"ticket-search" doc:"Route of the operation TicketSearch."`
	Get     string `otai:"get" default:"ticket-get" doc:"Route of the operation TicketGet."`
	Update  string `otai:"update" default:"ticket-update" doc:"Route of the operation TicketUpdate."`
	Create  string `otai:"create" default:"ticket-create" doc:"Route of the operation TicketCreate."`
	Session string `otai:"session" default:"session-create" doc:"Route of the operation SessionCreate, for use_session."`

	SessionRemove string `otai:"session_remove" default:"session-remove" doc:"Route of the operation SessionRemove, by which use_session ends its session; only Znuny has it."`

	// The names that Open Ticket AI gives them, which win.
	TicketSearch string `otai:"TicketSearch" doc:"As search, by the operation's own name."`
	TicketGet    string `otai:"TicketGet" doc:"As get, by the operation's own name."`
	TicketUpdate string `otai:"TicketUpdate" doc:"As update, by the operation's own name."`
	TicketCreate string `otai:"TicketCreate" doc:"As create, by the operation's own name."`
}

// Timeouts are those of single operations; 0 means the general one.
type Timeouts struct {
	Search time.Duration `otai:"search" doc:"Of a search."`
	Get    time.Duration `otai:"get" doc:"Of reading tickets, up to 50 at once."`
	Update time.Duration `otai:"update" doc:"Of a change."`
	Create time.Duration `otai:"create" doc:"Of a new ticket."`
}

// TLS is how the connection is secured.
type TLS struct {
	CAFile             string `otai:"ca_file" doc:"PEM file with the certificates to trust, in addition to the system's."`
	CertFile           string `otai:"cert_file" doc:"PEM file with the certificate by which this client authenticates itself; with key_file."`
	KeyFile            string `otai:"key_file" doc:"PEM file with the key of cert_file."`
	ServerName         string `otai:"server_name" doc:"Name that the certificate must have, if not the host of base_url."`
	InsecureSkipVerify bool   `otai:"insecure_skip_verify" doc:"Trust any certificate. Anybody on the way can then read the password: for trying out only."`
}

// Validate checks everything that can be checked offline, and returns all errors in the
// order of the params.
func (p *Params) Validate() error {
	var errs []error
	report := func(field string, err error) {
		if err != nil {
			errs = append(errs, &api.FieldError{Field: field, Err: err})
		}
	}
	report("base_url", checkBaseURL(p.BaseURL))
	for _, timeout := range []struct {
		field string
		value time.Duration
	}{
		{"timeout", p.Timeout},
		{"timeouts.search", p.Timeouts.Search},
		{"timeouts.get", p.Timeouts.Get},
		{"timeouts.update", p.Timeouts.Update},
		{"timeouts.create", p.Timeouts.Create},
	} {
		if timeout.value < 0 {
			report(timeout.field, fmt.Errorf("is %v and must be above zero", timeout.value))
		}
	}
	report("time_zone", checkZone(p.TimeZone))
	if m := p.NoteMarker; m != "" && m != markerSubject && !(strings.HasPrefix(m, wire.DynamicPrefix) && len(m) > len(wire.DynamicPrefix)) {
		report("note_marker", fmt.Errorf("%q is neither %s nor %sNAME", m, markerSubject, wire.DynamicPrefix))
	}
	if (p.TLS.CertFile == "") != (p.TLS.KeyFile == "") {
		report("tls", errors.New("cert_file and key_file belong together, and one of them is missing"))
	}
	report("proxy", checkProxy(p.Proxy))
	return errors.Join(errs...)
}

func checkBaseURL(s string) error {
	const example = "write it as in https://desk.example.org/otobo/" + wire.Script
	u, err := url.Parse(strings.TrimSpace(s))
	switch {
	case err != nil:
		// Not wrapped: net/url's error quotes the address, and with it a password.
		return errors.New("is not a valid address: " + example)
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("must begin with http:// or https://: " + example)
	case u.Hostname() == "":
		return errors.New("names no host: " + example)
	case u.User != nil:
		return errors.New("must not contain a login: use username and password")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("must end with " + wire.Script + ", without ? or #: " + example)
	case strings.Contains(u.Path, wire.Script+"/Webservice"):
		return errors.New("must end with " + wire.Script + ": the name of the web service belongs in webservice_name, and the operation in operation_urls")
	default:
		return nil
	}
}

func checkProxy(s string) error {
	if s == "" || s == wire.NoProxy {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) || u.Hostname() == "" {
		return errors.New("must be none or an address as in http://proxy.example.org:3128")
	}
	return nil
}

// browserAddress matches addresses that people copy from their browser: the help desk's
// own prefix, and the pages beside the script.
var browserAddress = regexp.MustCompile(`^(https?://[^/]+/(?:otobo|znuny|otrs))(?:/(?:index|customer|public)\.pl)?$`)

// completeBaseURL adds the script where it was obviously forgotten.
func completeBaseURL(s string) string {
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	if m := browserAddress.FindStringSubmatch(s); m != nil {
		return m[1] + "/" + wire.Script
	}
	return s
}

// withDefaults fills in what a template or Go code has left empty.
func (p Params) withDefaults() Params {
	p.BaseURL = completeBaseURL(p.BaseURL)
	p.Username = cmp.Or(p.Username, "open_ticket_ai")
	p.WebserviceName = cmp.Or(p.WebserviceName, "OpenTicketAI")
	p.Timeout = cmp.Or(p.Timeout, 30*time.Second)
	p.TimeZone = cmp.Or(p.TimeZone, "UTC")
	p.Articles = cmp.Or(p.Articles, articlesAll)
	p.Attachments = cmp.Or(p.Attachments, wire.AttachmentsNone)
	p.MaxNoteBytes = cmp.Or(p.MaxNoteBytes, 4_000_000)
	p.MaxConnections = cmp.Or(p.MaxConnections, 8)
	p.MaxResponseMB = cmp.Or(p.MaxResponseMB, 64)
	u := &p.OperationURLs
	u.Search = cmp.Or(strings.Trim(u.TicketSearch, "/"), strings.Trim(u.Search, "/"), "ticket-search")
	u.Get = cmp.Or(strings.Trim(u.TicketGet, "/"), strings.Trim(u.Get, "/"), "ticket-get")
	u.Update = cmp.Or(strings.Trim(u.TicketUpdate, "/"), strings.Trim(u.Update, "/"), "ticket-update")
	u.Create = cmp.Or(strings.Trim(u.TicketCreate, "/"), strings.Trim(u.Create, "/"), "ticket-create")
	u.Session = cmp.Or(strings.Trim(u.Session, "/"), "session-create")
	u.SessionRemove = cmp.Or(strings.Trim(u.SessionRemove, "/"), "session-remove")
	t := &p.Timeouts
	t.Search = cmp.Or(t.Search, p.Timeout)
	t.Get = cmp.Or(t.Get, p.Timeout)
	t.Update = cmp.Or(t.Update, p.Timeout)
	t.Create = cmp.Or(t.Create, p.Timeout)
	return p
}

// clientConfig is the part of the params that the client needs.
func (p Params) clientConfig(h api.Host) wire.Config {
	return wire.Config{
		BaseURL:    p.BaseURL,
		WebService: p.WebserviceName,
		Routes: map[wire.Operation]string{
			wire.TicketSearch: p.OperationURLs.Search, wire.TicketGet: p.OperationURLs.Get, wire.TicketUpdate: p.OperationURLs.Update,
			wire.TicketCreate: p.OperationURLs.Create, wire.SessionCreate: p.OperationURLs.Session, wire.SessionRemove: p.OperationURLs.SessionRemove,
		},
		Timeouts: map[wire.Operation]time.Duration{
			wire.TicketSearch: p.Timeouts.Search, wire.TicketGet: p.Timeouts.Get, wire.TicketUpdate: p.Timeouts.Update, wire.TicketCreate: p.Timeouts.Create, wire.SessionCreate: p.Timeout,
		},
		Late:              p.Late,
		Retry:             wire.RetryPolicy{FirstPause: 100 * time.Millisecond, MaxElapsed: 4 * time.Second},
		Username:          p.Username,
		Password:          p.Password,
		UseSession:        p.UseSession,
		Redact:            h.Redact,
		TLS:               wire.TLSConfig(p.TLS),
		Proxy:             p.Proxy,
		MaxConnections:    p.MaxConnections,
		RequestsPerSecond: p.RequestsPerSecond,
		MaxResponseMB:     p.MaxResponseMB,
		BreakerFailures:   p.BreakerFailures,
		UserAgent:         "otai-otobo-znuny/" + Version,
		Logger:            h.Logger(),
	}
}
