package helpdesk

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// get answers TicketGet: the tickets of all ids, in the order asked for. One that is missing or hidden fails the whole request.
func (s *store) get(in fields) (object, error) {
	const op = "TicketGet"
	ids := ticketIDs(in)
	if len(ids) == 0 {
		return nil, refusal(op, "MissingParameter", "TicketID parameter is missing!")
	}
	if s.mode == ModeZnuny && slices.ContainsFunc(ids, notNumeric) {
		return nil, refusal(op, "WrongStructure", "Invalid ticket ID parameter(s) found!")
	}
	tickets := make([]object, 0, len(ids))
	for _, id := range ids {
		t := s.find(id)
		if t == nil || s.access(t) == AccessNone {
			return nil, refusal(op, "AccessDenied", "User does not have access to the ticket!")
		}
		tickets = append(tickets, s.ticketWithParts(t, in))
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

func (s *store) ticketWithParts(t *ticket, in fields) object {
	out := s.ticketAnswer(t)
	out["TimeUnit"] = 0
	if in.has("DynamicFields") {
		if all := s.dynamicFieldAnswer(t); all != nil {
			out["DynamicField"] = all
		}
	}
	if in.has("AllArticles") {
		if articles := s.articleAnswers(t, in); len(articles) > 0 {
			out["Article"] = articles
		}
	}
	return out
}

func (s *store) articleAnswers(t *ticket, in fields) []object {
	articles := slices.Clone(t.articles)
	if senders := in.list("ArticleSenderType"); len(senders) > 0 {
		articles = slices.DeleteFunc(articles, func(a *article) bool { return !slices.Contains(senders, a.sender.name) })
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
