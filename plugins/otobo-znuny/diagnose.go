package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// Diagnose examines what works, without changing anything, and calls found with each
// diagnostic as soon as it is known. named are the names that the configuration uses,
// by kind: queue, priority, state, lock, type, owner, and the queues that are worked in and
// moved into, whose rights are examined (diagnose_rights.go). A diagnostic has the keys check, status
// (ok, warning, failed, unknown) and message, and where they help fix and subject, the
// name that it is about.
func (s *TicketSystem) Diagnose(ctx context.Context, named map[string][]string, found func(map[string]string)) {
	d := diagnosis{s: s, found: found}
	if !d.connection(ctx) {
		for _, list := range named {
			if len(list) > 0 {
				d.report("names", "unknown", "the queues, priorities and states that the configuration names are not checked: the help desk can't be asked", "")
				break
			}
		}
		return
	}
	ticket, ok := d.probe(ctx)
	if !ok {
		return
	}
	kind := d.kind(ctx)
	d.clock(ticket)
	unknown := d.names(ctx, ticket, named)
	d.session(ctx)
	d.rights(ctx, kind, named, unknown)
	d.report("debugger of the web service", "unknown", "can't be determined from outside",
		fmt.Sprintf("in the help desk: Admin, Web Services, %s: the debug threshold must not be debug, which stores the agent's password in clear text", s.client.WebService()))
}

// session reports whether use_session leaves sessions behind in the help desk.
func (d diagnosis) session(ctx context.Context) {
	if !d.s.client.UsesSession() {
		return
	}
	if err := d.s.client.TryLogOut(ctx); err != nil {
		d.report("session", "warning", "each start of otai leaves a session in the help desk, until it has been idle for two hours: "+err.Error(),
			"Znuny: import the web service of this version of otai, which has the operation SessionRemove; other help desks have none: set use_session: false if the sessions disturb")
		return
	}
	d.report("session", "ok", "ends with otai", "")
}

type diagnosis struct {
	s     *TicketSystem
	found func(map[string]string)
}

func (d diagnosis) report(check, status, message, fix string) {
	d.reportOn("", check, status, message, fix)
}

func (d diagnosis) reportOn(subject, check, status, message, fix string) {
	f := map[string]string{"check": check, "status": status, "message": message}
	if fix != "" {
		f["fix"] = fix
	}
	if subject != "" {
		f["subject"] = subject
	}
	d.found(f)
}

// connection makes the smallest possible search, whose error shows how far it came.
func (d diagnosis) connection(ctx context.Context) bool {
	c := d.s.client
	_, err := d.s.searchIDs(ctx, wire.Message{}, 1)
	if err != nil && ctx.Err() != nil {
		d.report("reachable", "unknown", "the check was stopped", "")
		return false
	}
	failed, why, advice := failedStage(err)
	for _, stage := range []struct{ check, message string }{
		{"reachable", c.URL()},
		{"web service", fmt.Sprintf("the web service %q answers", c.WebService())},
		{"login", fmt.Sprintf("the agent %q is let in", c.Username())},
	} {
		if stage.check == failed {
			d.report(stage.check, "failed", why, advice)
			return false
		}
		d.report(stage.check, "ok", stage.message, "")
		if stage.check == "reachable" && err == nil {
			d.encryption()
		}
	}
	return true
}

// failedStage is the check that a search's error belongs to, "" without one.
func failedStage(err error) (check, why, advice string) {
	if err == nil {
		return "", "", ""
	}
	var failed *wire.RequestError
	if !errors.As(err, &failed) {
		return "reachable", err.Error(), ""
	}
	switch {
	case errors.Is(err, wire.ErrUnknownWebService):
		check = "web service"
	case errors.Is(err, wire.ErrAuthentication):
		check = "login"
	case errors.Is(err, wire.ErrUnavailable):
		check = "reachable"
	case errors.Is(err, wire.ErrServerError), failed.Message != "" && failed.Status == http.StatusInternalServerError:
		check = "web service"
	default:
		check = "reachable"
	}
	return check, failed.Reason(), failed.Advice
}

func (d diagnosis) encryption() {
	u, err := url.Parse(d.s.client.URL())
	if err != nil {
		return
	}
	switch ip := net.ParseIP(u.Hostname()); {
	case d.s.client.TrustsAnyCertificate():
		d.report("encryption", "warning", "any certificate is trusted, so that anybody on the way can read the password", "take tls.insecure_skip_verify out; give the issuer's certificate as tls.ca_file")
	case u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()):
		d.report("encryption", "warning", "the password and the tickets travel in clear text", "write https in base_url")
	case u.Scheme == "https":
		d.report("encryption", "ok", "the certificate is trusted", "")
	}
}

// probe reads one ticket, which later checks use.
func (d diagnosis) probe(ctx context.Context) (wire.Record, bool) {
	const noTicket = "the agent sees no ticket, so that names and clock can't be checked"
	fix := fmt.Sprintf("give the agent %q the right ro on a queue with tickets, or make one; then ask again", d.s.client.Username())
	found, err := d.s.searchIDs(ctx, wire.Message{}, 1)
	if err == nil && len(found) == 0 {
		d.report("reading", "unknown", noTicket, fix)
		return nil, false
	}
	var r wire.Record
	if err == nil {
		r, err = d.s.getRecord(ctx, found[0])
	}
	if err != nil {
		advice := ""
		var failed *wire.RequestError
		if errors.As(err, &failed) {
			advice = failed.Advice
		}
		d.report("reading", "failed", err.Error(), advice)
		return nil, false
	}
	d.report("reading", "ok", "ticket "+r.Text("TicketNumber")+" can be read", "")
	return r, true
}

// kind distinguishes OTOBO from Znuny and OTRS: OTOBO looks up even what is not a
// number like an id.
func (d diagnosis) kind(ctx context.Context) server {
	_, err := d.s.client.Call(ctx, wire.TicketGet, "", wire.Message{"TicketID": "abc"})
	var failed *wire.RequestError
	switch {
	case errors.As(err, &failed) && failed.Code == "WrongStructure":
		d.report("server", "ok", "answers like Znuny or OTRS: a change needs the right rw", "")
		return serverZnuny
	case errors.As(err, &failed) && failed.Code == "AccessDenied":
		d.report("server", "ok", "answers like OTOBO: a change needs ro and the right for what is changed", "")
		return serverOTOBO
	default:
		d.report("server", "unknown", "answers like neither OTOBO nor Znuny", "")
	}
	return serverUnknown
}

// clock compares the clocks: when a ticket was created plus its age is the server's
// time.
func (d diagnosis) clock(ticket wire.Record) {
	age := ticket.Number("Age")
	created := ticket.Time("Created", d.s.zone)
	if created.IsZero() || ticket.Text("Age") == "" {
		d.report("clock", "unknown", "the help desk doesn't say how old a ticket is", "compare time_zone with the setting OTOBOTimeZone or OTRSTimeZone in Admin, System Configuration")
		return
	}
	server := created.Add(time.Duration(age) * time.Second)
	off := time.Until(server)
	whole := off.Round(15 * time.Minute)
	switch {
	case off.Abs() < 2*time.Minute:
		d.report("clock", "ok", fmt.Sprintf("agrees with the help desk's, in the zone %s", d.s.zone), "")
	case (off - whole).Abs() < 2*time.Minute:
		d.report("clock", "failed", fmt.Sprintf("the help desk's times are %s the zone %s", describeOffset(whole), d.s.zone),
			"set time_zone to the help desk's setting OTOBOTimeZone or OTRSTimeZone (Admin, System Configuration)")
	default:
		d.report("clock", "failed", fmt.Sprintf("the help desk's clock is %s this machine's", describeOffset(off.Round(time.Second))), "let both machines set their clocks by NTP")
	}
}

// describeOffset says how far the help desk's time is from ours.
func describeOffset(d time.Duration) string {
	text, _ := strings.CutSuffix(d.Abs().String(), "m0s")
	if text != d.Abs().String() {
		text += "m"
	}
	if d < 0 {
		return text + " behind"
	}
	return text + " ahead of"
}
