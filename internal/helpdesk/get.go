package helpdesk

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// get answers TicketGet: the tickets of all ids, in the order asked for. One that is missing or hidden fails the whole request.
func (s *System) get(who actor, in call) (object, error) {
	const op = "TicketGet"
	ids := ticketIDs(in.fields)
	if len(ids) == 0 {
		return nil, refusal(op, "MissingParameter", "TicketID parameter is missing!")
	}
	if s.mode == ModeZnuny && slices.ContainsFunc(ids, notNumeric) {
		return nil, refusal(op, "WrongStructure", "Invalid ticket ID parameter(s) found!")
	}
	tickets := make([]object, 0, len(ids))
	for _, id := range ids {
		t := s.findText(id)
		if t == nil || s.accessTo(who, t) == AccessNone {
			return nil, refusal(op, "AccessDenied", "User does not have access to the ticket!")
		}
		tickets = append(tickets, s.ticketWithParts(who, t, in.fields))
	}
	return object{"Ticket": tickets}, nil
}

// ticketIDs reads TicketID: one id, several with commas between them, or a list.
func ticketIDs(in fields) []string {
	if !in.has("TicketID") {
		return nil
	}
	var ids []string
	for _, part := range in.list("TicketID") {
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

func (s *System) ticketWithParts(who actor, t *ticket, in fields) object {
	out := s.ticketAnswer(t)
	out["TimeUnit"] = 0
	if in.has("DynamicFields") {
		if all := s.dynamicFieldAnswer(t); all != nil {
			out["DynamicField"] = all
		}
	}
	if in.has("AllArticles") {
		if articles := s.articleAnswers(who, t, in); len(articles) > 0 {
			out["Article"] = articles
		}
	}
	return out
}

func (s *System) articleAnswers(who actor, t *ticket, in fields) []object {
	seen := slices.Clone(t.articles)
	if who.isCustomer() {
		seen = slices.DeleteFunc(seen, func(a *article) bool { return !a.visible })
	}
	articles := seen
	if senders := in.list("ArticleSenderType"); len(senders) > 0 {
		articles = nil // those of the first kind come first
		for _, sender := range senders {
			for _, a := range seen {
				if a.sender.name == sender {
					articles = append(articles, a)
				}
			}
		}
	}
	if in.text("ArticleOrder") == "DESC" {
		slices.Reverse(articles)
	}
	if limit, err := strconv.Atoi(in.text("ArticleLimit")); err == nil && limit > 0 {
		articles = articles[:min(limit, len(articles))]
	}
	all := make([]object, 0, len(articles))
	for _, a := range articles {
		out := s.articleAnswer(t, a)
		if !a.orphan {
			out["TimeUnit"] = 0
		}
		if in.has("Attachments") {
			contents := in["GetAttachmentContents"] == nil || in.has("GetAttachmentContents")
			if files := fileAnswers(a, in.has("HTMLBodyAsAttachment"), contents); len(files) > 0 {
				out["Attachment"] = files
			}
		}
		all = append(all, out)
	}
	return all
}

// fileAnswers shows the files of an article; the HTML form of its body is one of them.
func fileAnswers(a *article, htmlBody, contents bool) []object {
	var all []object
	for i, f := range a.files {
		if f.htmlBody && !htmlBody {
			continue
		}
		content := ""
		if contents {
			content = base64.StdEncoding.EncodeToString(f.content)
		}
		disposition := "attachment"
		if f.htmlBody {
			disposition = "inline"
		}
		all = append(all, object{
			"Content":            content,
			"ContentAlternative": "",
			"ContentID":          "",
			"ContentType":        f.contentType,
			"Disposition":        disposition,
			"FileID":             strconv.Itoa(i + 1),
			"Filename":           f.name,
			"FilesizeRaw":        strconv.Itoa(len(f.content)),
		})
	}
	return all
}

// historyOf answers TicketHistoryGet, which is for agents.
func (s *System) historyOf(who actor, in call) (object, error) {
	const op = "TicketHistoryGet"
	if who.isCustomer() {
		return nil, refusal(op, "AuthFail", "User needs to an Agent!")
	}
	ids := ticketIDs(in.fields)
	if len(ids) == 0 {
		return nil, refusal(op, "MissingParameter", "TicketID parameter is missing!")
	}
	all := make([]object, 0, len(ids))
	for _, id := range ids {
		t := s.findText(id)
		if t == nil || s.accessTo(who, t) == AccessNone {
			return nil, refusal(op, "AccessDenied", "User does not have access to the ticket "+id+"!")
		}
		lines := make([]object, len(t.history))
		for i, e := range t.history {
			lines[i] = object{
				"ArticleID": e.article, "CreateBy": e.user.id, "CreateTime": stamp(e.time), "HistoryType": e.kind,
				"HistoryTypeID": historyTypes[e.kind], "Name": e.name(), "OwnerID": e.owner, "PriorityID": e.priority,
				"QueueID": e.queue, "StateID": e.state, "TicketID": idText(t.id), "TypeID": e.ticketType,
			}
		}
		all = append(all, object{"TicketID": id, "History": lines})
	}
	return object{"TicketHistory": all}, nil
}

// historyTypes are the kinds of lines in a history with the ids that a fresh installation gives them.
var historyTypes = map[string]int64{
	"NewTicket": 1, "FollowUp": 2, "SendAutoReject": 3, "SendAutoReply": 4, "SendAutoFollowUp": 5, "Forward": 6, "Bounce": 7,
	"SendAnswer": 8, "SendAgentNotification": 9, "SendCustomerNotification": 10, "EmailAgent": 11, "EmailCustomer": 12,
	"PhoneCallAgent": 13, "PhoneCallCustomer": 14, "AddNote": 15, "Move": 16, "Lock": 17, "Unlock": 18, "Remove": 19,
	"TimeAccounting": 20, "CustomerUpdate": 21, "PriorityUpdate": 22, "OwnerUpdate": 23, "LoopProtection": 24, "Misc": 25,
	"SetPendingTime": 26, "StateUpdate": 27, "TicketDynamicFieldUpdate": 28, "WebRequestCustomer": 29, "TicketLinkAdd": 30,
	"TicketLinkDelete": 31, "SystemRequest": 32, "Merged": 33, "ResponsibleUpdate": 34, "Subscribe": 35, "Unsubscribe": 36,
	"TypeUpdate": 37, "ServiceUpdate": 38, "SLAUpdate": 39, "ArchiveFlagUpdate": 40, "TitleUpdate": 50,
}
