package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// effect is what a failed request can have left behind.
type effect int

const (
	none     effect = iota // it was never sent, or refused before anything was written
	answered               // the server is done with it and may have written a part
	severed                // the connection ended without an answer
	running                // the server may still be at work on it
)

// The kinds of refusal, for errors.Is. Each stands beside the api fault that
// decides on repetition.
var (
	ErrAuthentication    = errors.New("the login is refused")
	ErrNoAccess          = errors.New("no such ticket, or no right to it") // the servers don't tell one from the other
	ErrInvalidParameter  = errors.New("a value is refused")                // an api.FieldError says which
	ErrTooLarge          = errors.New("too large")
	ErrServerFault       = errors.New("the help desk failed")
	ErrProtocol          = errors.New("that is no answer of a GenericInterface")
	ErrUnavailable       = errors.New("the help desk is not available")
	ErrUnknownWebService = errors.New("the web service is not known")
)

// fault is a failed request. It wraps the kinds that it is.
type fault struct {
	op     operation
	ticket string
	status int
	took   time.Duration

	kinds  []error // api.Err…
	effect effect
	code   string // the server's error code, without the operation's name
	said   string // the server's own words
	advice string // what to check
	cause  error
}

func (f *fault) Error() string {
	var b strings.Builder
	switch f.op {
	case opSearch:
		b.WriteString("search tickets")
	case opGet:
		b.WriteString("read ticket " + f.ticket)
	case opUpdate:
		b.WriteString("change ticket " + f.ticket)
	case opCreate:
		b.WriteString("create a ticket")
	case opSession:
		b.WriteString("log in")
	case opSessionRemove:
		b.WriteString("log out")
	}
	if len(f.kinds) > 0 {
		b.WriteString(": " + f.kinds[0].Error())
	}
	if f.said != "" {
		fmt.Fprintf(&b, ": the help desk says %q", f.said)
	}
	if f.cause != nil {
		b.WriteString(": " + f.cause.Error())
	}
	if f.advice != "" {
		b.WriteString(": " + f.advice)
	}
	return b.String()
}

func (f *fault) Unwrap() []error {
	all := append([]error(nil), f.kinds...)
	if f.cause != nil {
		all = append(all, f.cause)
	}
	return all
}

// about names the operation that could not be sent.
func about(err error, op operation, ticket string) error {
	var f *fault
	if errors.As(err, &f) && f.op == "" {
		f.op, f.ticket = op, ticket
	}
	return err
}

// refusal is an error that the operation itself answers, with status 200.
func (c *client) refusal(op operation, code, said string, request message) *fault {
	_, code, _ = strings.Cut(code, ".")
	said = c.veil(said)
	f := &fault{code: code, said: said, kinds: []error{api.ErrInvalid, ErrInvalidParameter}}
	switch code {
	case "AuthFail":
		f.kinds = []error{api.ErrDenied, ErrAuthentication}
		f.advice = fmt.Sprintf("check the params username (%q) and password (or %s), and that this agent is valid in the help desk (Admin, Agents); the mapping of the web service may put another login in its place", c.login.user, PasswordVariable)
	case "AccessDenied":
		f.kinds = []error{api.ErrDenied, ErrNoAccess}
		switch op {
		case opGet:
			// No such ticket and no right to see it are one answer.
			f.kinds = []error{api.ErrNotFound, api.ErrDenied, ErrNoAccess}
			f.advice = fmt.Sprintf("check the id; if the ticket exists, the agent %q needs the right ro on its queue's group", c.login.user)
		case opUpdate:
			f.kinds = []error{api.ErrNotFound, api.ErrDenied, ErrNoAccess}
			f.advice = fmt.Sprintf("check the id; if the ticket exists, the agent %q needs the right rw on the group of the queue where it is now", c.login.user)
		case opCreate:
			f.advice = fmt.Sprintf("the agent %q needs the right create on the queue's group", c.login.user)
		}
	case "InvalidParameter", "WrongStructure":
		f.advice = "nothing was changed; names count exactly, upper and lower case too, and must be valid in the help desk"
		f.cause = wrongField(said, request)
	case "MissingParameter":
		if strings.Contains(said, "SessionID is required") {
			// What TicketUpdate says where the other operations say AuthFail.
			f.kinds = []error{api.ErrDenied, ErrAuthentication}
			f.advice = "the request reached the help desk without its login: check the mapping of the web service"
			return f
		}
		f.cause = wrongField(said, request)
		// What the operation itself demands is checked before anything is written. What
		// Ticket::State demands, a pending time, comes after the queue was moved; that
		// message doesn't begin with the operation's name.
		if !strings.HasPrefix(said, string(op)) {
			f.effect = answered
			f.advice = "a pending state needs Fields.PendingTime; a new title and queue may have been written already"
		}
	default:
		f.effect = answered
	}
	return f
}

var fieldInMessage = regexp.MustCompile(`(Ticket|Article)->(\w+?)(?:ID)?\b|^\w+: (DynamicField)->`)

// contractFields are the contract's names for the servers' fields.
var contractFields = map[string]string{
	"Title": "subject", "Queue": "queue", "Priority": "priority", "State": "state",
	"Owner": "owner", "CustomerUser": "customer",
}

// wrongField finds in the server's words which field of the request is meant, and
// what it was given; nil where they name none.
func wrongField(said string, request message) error {
	m := fieldInMessage.FindStringSubmatch(said)
	switch {
	case m == nil:
		return nil
	case m[3] != "":
		return &api.FieldError{Field: "fields", Err: errors.New("the name or the value of a dynamic field is refused")}
	case m[1] == "Article":
		return &api.FieldError{Field: "note." + strings.ToLower(m[2]), Err: errors.New("is refused")}
	}
	field, ok := contractFields[m[2]]
	if !ok {
		field = "fields." + m[2]
	}
	given := errors.New("is missing")
	if attributes, ok := request["Ticket"].(message); ok {
		for _, key := range []string{m[2], m[2] + "ID"} {
			if v, ok := attributes[key]; ok {
				given = fmt.Errorf("%q is refused", canonical(v))
				break
			}
		}
	}
	return &api.FieldError{Field: field, Err: given}
}

// refusedSentences begin the plain-text answers of the transport layer, which
// come before any operation runs.
var refusedSentences = []string{
	"HTTP::REST Error while determine Operation",
	"Error while decoding request content",
	"Could not read input data",
	"Unsupported request content structure",
}

// serverFault is status 500 with a body.
func (c *client) serverFault(page []byte) *fault {
	if isPage(page) {
		return &fault{
			kinds: []error{api.ErrTemporary, ErrServerFault}, effect: answered, cause: c.pageError(http.StatusInternalServerError, page),
			advice: "see the error log of the help desk's web server; " + adviseModule,
		}
	}
	body := c.veil(string(page))
	for i, sentence := range refusedSentences {
		if !strings.HasPrefix(body, sentence) {
			continue
		}
		f := &fault{kinds: []error{api.ErrInvalid, ErrProtocol}, said: shorten(body)}
		if i == 0 {
			f.advice = fmt.Sprintf("check operation_urls: the web service %q has no such route", c.name)
		}
		return f
	}
	f := &fault{kinds: []error{api.ErrTemporary, ErrServerFault}, effect: answered, said: shorten(body), advice: "see the help desk's log (Admin, System Log)"}
	var s systemFault
	if json.Unmarshal(page, &s) == nil && s.FaultString != "" {
		f.said = shorten(c.veil(s.FaultString))
	}
	if strings.Contains(f.said, "queue could not be updated") {
		f.kinds = []error{api.ErrDenied, ErrServerFault}
		f.advice = fmt.Sprintf("the agent %q needs the right move_into on the target queue's group; a new title may have been written already", c.login.user)
	}
	return f
}

// statusFault is any other status that says error. It comes from the web server
// or a proxy before it, but for 413.
func (c *client) statusFault(status int, body []byte) *fault {
	f := &fault{kinds: []error{api.ErrInvalid, ErrProtocol}, cause: c.pageError(status, body), advice: c.adviseBaseURL()}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		f.kinds = []error{api.ErrInvalid, ErrTooLarge}
		f.advice = "the texts are longer than the web service takes (its MaxLength): shorten the note"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		f.kinds = []error{api.ErrDenied, ErrProtocol}
		f.advice = "the web server in front of the help desk refuses: check its access rules for " + c.service
	case status == http.StatusProxyAuthRequired:
		f.kinds, f.advice = []error{api.ErrDenied, ErrProtocol}, adviseProxyLogin
	case status == http.StatusBadRequest && strings.HasPrefix(c.service, "http:") && bytes.Contains(bytes.ToUpper(body), []byte("HTTPS")):
		f.advice = "write https in base_url"
	case status == http.StatusGatewayTimeout, status == statusCloudflareTimeout:
		f.kinds, f.effect, f.advice = []error{api.ErrTemporary, ErrUnavailable}, running, ""
	case status == http.StatusRequestTimeout, status > 500:
		// Also 503: some proxies say so when the connection broke under a request.
		f.kinds, f.effect, f.advice = []error{api.ErrTemporary, ErrUnavailable}, severed, ""
	}
	return f
}

// statusCloudflareTimeout is what Cloudflare says where others say 504.
const statusCloudflareTimeout = 524

const adviseProxyLogin = "the proxy wants a login: write it into the param proxy, as in http://user:password@proxy.example.org:3128, or set proxy: none"

// transportFault is a request without a whole response.
func (c *client) transportFault(ctx context.Context, op operation, x exchanged) *fault {
	err := x.err
	// net/http's own wrapping repeats the address and the method.
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	f := &fault{kinds: []error{api.ErrTemporary, ErrUnavailable}, effect: severed, cause: err}
	if strings.Contains(err.Error(), "malformed") { // net/http quotes a piece of it
		f.cause = errors.New("the answer is no HTTP")
	}
	var moved *movedError
	var busy *busyError
	var proxy *proxyError
	var certificate *tls.CertificateVerificationError
	var other *net.OpError
	switch {
	case errors.As(err, &moved):
		f.kinds, f.effect = []error{api.ErrInvalid, ErrProtocol}, none
		f.advice = moved.advice(c)
	case errors.As(err, &proxy):
		if proxy.status == http.StatusProxyAuthRequired {
			f.kinds, f.advice = []error{api.ErrDenied, ErrUnavailable}, adviseProxyLogin
		} else {
			f.advice = "check the proxy, or set the param proxy to another or to none"
		}
	case errors.Is(err, http.ErrSchemeMismatch):
		f.kinds, f.advice = []error{api.ErrInvalid, ErrUnavailable}, "write http in base_url"
	case errors.As(err, &busy):
		f.effect = none
		if busy.after > 0 {
			f.cause = &api.RetryError{After: busy.after, Err: busy}
		}
	case ctx.Err() != nil:
		// The caller gave up; that is no fault of the help desk.
		f.kinds, f.effect, f.cause = nil, running, ctx.Err()
	case errors.As(err, &certificate):
		f.kinds, f.effect = []error{api.ErrInvalid, ErrUnavailable}, none
		f.advice = "check that base_url names the host of the certificate, and that this machine trusts its issuer, or give the issuer's certificate as tls.ca_file"
	case errors.Is(err, errTooLong):
		f.effect = running
		f.cause = fmt.Errorf("%w (%v)", err, c.timeouts[op])
		f.advice = "the help desk is slow or hangs; the param timeout can be raised"
	case x.status != 0:
		f.cause = fmt.Errorf("the answer broke off: %w", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.cause = fmt.Errorf("%w (%w)", errNothing, err)
		// On a connection that had served before, it is mostly its ordinary end.
		if !x.reused {
			f.kinds = append(f.kinds, ErrUnknownWebService)
		}
		f.advice = c.adviseService()
	case errors.As(err, &other) && other.Op == "remote error": // what crypto/tls calls the other side's refusal
		f.advice = "the other side refuses the secured connection: check tls.cert_file and tls.key_file, if it wants a client's certificate"
	case x.sent:
		f.advice = "if this lasts, check http or https and the port in base_url, and the web server's log"
	}
	if !x.sent {
		f.effect = none
		if f.advice == "" && ctx.Err() == nil {
			f.advice = "can't be reached: check base_url and that the help desk is up"
		}
	}
	return f
}

// adviseService: the servers answer nothing at all when they don't know a web
// service.
func (c *client) adviseService() string {
	return fmt.Sprintf("if this lasts, the help desk has no valid web service %q: check webservice_name, and Admin, Web Services in the help desk; if it is there and valid, %s", c.name, adviseModule)
}

// adviseModule: without this module the servers answer nothing, or a page of the
// web server, whatever the web service.
const adviseModule = "the help desk's machine may lack a Perl module that web services need (Debian: librest-client-perl; bin/*.CheckModules.pl in the help desk's folder lists what is missing)"

func (c *client) adviseBaseURL() string {
	if !strings.Contains(c.service, script) {
		return fmt.Sprintf("check base_url: it must end with %s, as in https://desk.example.org/otobo/%s (asked was %s)", script, script, c.service)
	}
	return fmt.Sprintf("check base_url: it must lead directly to %s (asked was %s)", script, c.service)
}

// temporary reports whether a request may be repeated as it is.
func temporary(err error) bool { return errors.Is(err, api.ErrTemporary) }

// effectOf is what a failed request can have left behind.
func effectOf(err error) effect {
	var f *fault
	if errors.As(err, &f) {
		return f.effect
	}
	return none
}

// uncertain says that a write's outcome stays unknown. Why is kept as words, so
// that its kind can't be taken for the outcome's.
func uncertain(op operation, ticket string, why error) error {
	f := &fault{
		op: op, ticket: ticket, kinds: []error{api.ErrUncertain}, effect: running, cause: errors.New(why.Error()),
		advice: "look at the ticket before repeating the change",
	}
	if op == opCreate {
		f.advice = "look whether the ticket is there before creating it again"
	}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(why, ended) {
			f.kinds = append(f.kinds, ended)
		}
	}
	return f
}

// shorten keeps the server's words to what belongs into one line.
func shorten(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	return truncate(s, 300)
}

// truncate cuts s to at most n characters.
func truncate(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
