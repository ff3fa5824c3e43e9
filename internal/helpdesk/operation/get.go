package operation

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// get answers TicketGet: the tickets with the ids, in their order. If one is missing or hidden, the whole request fails.
func (s *System) get(who store.Actor, in Call) (wire.Object, error) {
	const op = "TicketGet"
	ids := ticketIDs(in.Values)
	if len(ids) == 0 {
		return nil, wire.Reject(op, "MissingParameter", "TicketID parameter is missing!")
	}
	if s.mode == wire.ModeZnuny && slices.ContainsFunc(ids, notNumeric) {
		return nil, wire.Reject(op, "WrongStructure", "Invalid ticket ID parameter(s) found!")
	}
	tickets := make([]wire.Object, 0, len(ids))
	for _, id := range ids {
		t := s.FindText(id)
		if t == nil || s.AccessTo(who, t) == store.AccessNone {
			return nil, wire.Reject(op, "AccessDenied", "User does not have access to the ticket!")
		}
		tickets = append(tickets, s.ticketWithParts(who, t, in.Values))
	}
	return wire.Object{"Ticket": tickets}, nil
}

// ticketIDs reads TicketID: an id, several with commas between them, or a list.
func ticketIDs(in wire.Values) []string {
	if !in.Has("TicketID") {
		return nil
	}
	var ids []string
	for _, part := range in.List("TicketID") {
		for id := range strings.SplitSeq(part, ",") {
			if id = strings.TrimSpace(id); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func notNumeric(id string) bool {
	_, err := strconv.ParseUint(id, 10, 64)
	return err != nil
}

func (s *System) ticketWithParts(who store.Actor, t *store.Ticket, in wire.Values) wire.Object {
	out := s.ticketAnswer(t)
	out["TimeUnit"] = 0
	if in.Has("DynamicFields") {
		if all := s.dynamicFieldAnswer(t); all != nil {
			out["DynamicField"] = all
		}
	}
	if in.Has("AllArticles") {
		if articles := s.articleAnswers(who, t, in); len(articles) > 0 {
			out["Article"] = articles
		}
	}
	return out
}

func (s *System) articleAnswers(who store.Actor, t *store.Ticket, in wire.Values) []wire.Object {
	seen := slices.Clone(t.Articles)
	if who.IsCustomer() {
		seen = slices.DeleteFunc(seen, func(a *store.Article) bool { return !a.Visible })
	}
	articles := seen
	if senders := in.List("ArticleSenderType"); len(senders) > 0 {
		articles = nil // in the order of the senders
		for _, sender := range senders {
			for _, a := range seen {
				if a.Sender.Name == sender {
					articles = append(articles, a)
				}
			}
		}
	}
	if in.Text("ArticleOrder") == "DESC" {
		slices.Reverse(articles)
	}
	if limit, err := strconv.Atoi(in.Text("ArticleLimit")); err == nil && limit > 0 {
		articles = articles[:min(limit, len(articles))]
	}
	all := make([]wire.Object, 0, len(articles))
	for _, a := range articles {
		out := s.articleAnswer(t, a)
		if !a.Orphan {
			out["TimeUnit"] = 0
		}
		if in.Has("Attachments") {
			contents := in["GetAttachmentContents"] == nil || in.Has("GetAttachmentContents")
			if files := fileAnswers(a, in.Has("HTMLBodyAsAttachment"), contents); len(files) > 0 {
				out["Attachment"] = files
			}
		}
		all = append(all, out)
	}
	return all
}

// fileAnswers shows the files of an article, of which the HTML form of its body is one.
func fileAnswers(a *store.Article, htmlBody, contents bool) []wire.Object {
	var all []wire.Object
	for i, f := range a.Files {
		if f.HTMLBody && !htmlBody {
			continue
		}
		content := ""
		if contents {
			content = base64.StdEncoding.EncodeToString(f.Content)
		}
		disposition := "attachment"
		if f.HTMLBody {
			disposition = "inline"
		}
		all = append(all, wire.Object{
			"Content":            content,
			"ContentAlternative": "",
			"ContentID":          "",
			"ContentType":        f.ContentType,
			"Disposition":        disposition,
			"FileID":             strconv.Itoa(i + 1),
			"Filename":           f.Name,
			"FilesizeRaw":        strconv.Itoa(len(f.Content)),
		})
	}
	return all
}
