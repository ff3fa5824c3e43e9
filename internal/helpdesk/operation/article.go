package operation

import (
	"cmp"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// readArticle checks an article of a request in the order of the servers, which trim texts first. It is visible to the customer
// unless it says IsVisibleForCustomer 0.
func (s *System) readArticle(op string, who store.Actor, in wire.Values) (store.Draft, error) {
	in = in.Trimmed()
	d := store.Draft{
		Subject: in.Text("Subject"), Body: in.Text("Body"),
		From: in.Text("From"), To: in.Text("To"), Cc: in.Text("Cc"), Bcc: in.Text("Bcc"),
		Visible: in["IsVisibleForCustomer"] == nil || in.Has("IsVisibleForCustomer"),
		Event:   in.Text("HistoryType"), Comment: in.Text("HistoryComment"),
	}
	invalid := func(what string) error { return wire.Reject(op, "InvalidParameter", "Article->"+what) }
	for _, key := range []string{"Subject", "Body"} {
		if !in.Has(key) {
			return d, wire.Reject(op, "MissingParameter", "Article->"+key+" parameter is missing!")
		}
	}
	if in.Has("AutoResponseType") && !slices.Contains(autoResponses, in.Text("AutoResponseType")) {
		return d, invalid("AutoResponseType parameter is invalid!")
	}
	var known bool
	if d.Channel, known = entryOr(s.Catalog.Channels, in, "CommunicationChannel", "Internal"); !known || d.Channel.Name == "Chat" {
		return d, invalid("CommunicationChannel or Article->CommunicationChannelID parameter is invalid or not supported!")
	}
	sender := "agent"
	if who.IsCustomer() {
		sender = "customer"
	}
	if d.Sender, known = entryOr(s.Catalog.Senders, in, "SenderType", sender); !known {
		return d, invalid("SenderTypeID or Ticket->SenderType parameter is invalid!")
	}
	if in.Has("From") && !validAddresses(d.From) {
		return d, invalid("From parameter is invalid!")
	}
	var err error
	if d.MIMEType, d.Charset, err = s.readType(op, in); err != nil {
		return d, err
	}
	switch agent := in.Text("NoAgentNotify"); {
	case in.Has("HistoryType") && historyTypes[d.Event] == 0:
		return d, invalid("HistoryType parameter is invalid!")
	case in.Has("TimeUnit") && !timeUnit.MatchString(in.Text("TimeUnit")):
		return d, invalid("TimeUnit parameter is invalid!")
	case in.Has("NoAgentNotify") && agent != "1":
		return d, invalid("NoAgent parameter is invalid!")
	}
	for _, key := range []string{"ForceNotificationToUserID", "ExcludeNotificationToUserID", "ExcludeMuteNotificationToUserID"} {
		if _, isObject := in[key].(map[string]any); isObject {
			return d, invalid(key + " parameter is invalid!")
		}
		for _, id := range wire.ListOf(in[key]) {
			if _, known := store.ByID(s.Catalog.Agents, id); !known {
				return d, invalid(key + " UserID=" + id + " parameter is invalid!")
			}
		}
	}
	d.Tidy()
	return d, nil
}

var (
	autoResponses = []string{"auto follow up", "auto reject", "auto remove", "auto reply", "auto reply/new ticket"}
	timeUnit      = regexp.MustCompile(`^\d+([.,]\d+)?$`)
)

// entryOr returns the entry with the id or else the name that the request gives; without either, the usual one.
func entryOr(entries []store.Entry, in wire.Values, key, usual string) (store.Entry, bool) {
	switch {
	case in.Has(key + "ID"):
		return store.ByID(entries, in.Text(key+"ID"))
	case in.Has(key):
		return store.ByName(entries, in.Text(key))
	}
	return store.ByName(entries, usual)
}

// readType reads a ContentType, or MimeType and Charset. On Znuny a ContentType must name a charset.
func (s *System) readType(op string, in wire.Values) (mimeType, charset string, err error) {
	missing := func(what string) error { return wire.Reject(op, "MissingParameter", "Article->"+what) }
	invalid := func(key string) error { return wire.Reject(op, "InvalidParameter", "Article->"+key+" is invalid!") }
	mimeType, charset = strings.ToLower(in.Text("MimeType")), strings.ToLower(in.Text("Charset"))
	switch {
	case !in.Has("ContentType") && !in.Has("MimeType") && !in.Has("Charset"):
		return "", "", missing("ContentType or Ticket->MimeType and Article->Charset parameters are required!")
	case in.Has("MimeType") && !in.Has("Charset"):
		return "", "", missing("Charset is required!")
	case in.Has("Charset") && !in.Has("MimeType"):
		return "", "", missing("MimeType is required!")
	case in.Has("MimeType") && !wire.IsMIMEType(mimeType):
		return "", "", invalid("MimeType")
	case in.Has("Charset") && !wire.KnownCharset(charset):
		return "", "", invalid("Charset")
	}
	if in.Has("ContentType") {
		var ok bool
		if mimeType, charset, ok = wire.MediaType(in.Text("ContentType")); !ok || charset == "" && s.mode == wire.ModeZnuny {
			return "", "", invalid("ContentType")
		}
	}
	return mimeType, cmp.Or(charset, "utf-8"), nil
}

// validAddresses reports whether a text is a list of mail addresses.
func validAddresses(text string) bool {
	_, err := mail.ParseAddressList(text)
	return err == nil
}
