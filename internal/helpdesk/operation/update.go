package operation

import (
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// update answers TicketUpdate. All names and values are checked before anything is written. What fails later, such as a move into a
// queue where the agent may not move tickets, leaves the changes before it in place.
func (s *System) update(who store.Actor, in Call) (wire.Object, error) {
	const op = "TicketUpdate"
	t, err := s.ticketToUpdate(op, who, in)
	if err != nil {
		return nil, err
	}
	change, err := s.planUpdate(op, t, who, in.Values)
	if err != nil {
		return nil, err
	}
	if s.mode == wire.ModeOTOBO {
		if err := mayWrite(op, s.AccessTo(who, t), change); err != nil {
			return nil, err
		}
	}
	articles, err := edit{s, op, t, who.ID}.apply(change, in.Stop)
	if err != nil {
		return nil, err
	}
	out := wire.Object{"TicketID": in.Values["TicketID"], "TicketNumber": t.Number}
	if in.Has("TicketNumber") {
		out["TicketID"] = wire.ID(t.ID)
	}
	if in.TicketData {
		s.addTicketData(out, t, articles)
	} else {
		addArticleIDs(out, articles)
	}
	return out, nil
}

// ticketToUpdate finds the ticket by its number or else its id. Znuny demands "rw" in its queue for any update; for OTOBO it depends on
// the update, see mayWrite.
func (s *System) ticketToUpdate(op string, who store.Actor, in Call) (*store.Ticket, error) {
	t := s.FindNumber(in.Text("TicketNumber"))
	if !in.Has("TicketNumber") {
		t = s.FindText(in.Text("TicketID"))
	}
	if t == nil || s.AccessTo(who, t) == store.AccessNone || s.mode == wire.ModeZnuny && s.AccessTo(who, t) != store.AccessFull {
		return nil, wire.Reject(op, "AccessDenied", "User does not have access to the ticket!")
	}
	return t, nil
}

// mayWrite checks the access that OTOBO demands for each part of an update. Title, lock, type, customer and an open state need
// none.
func mayWrite(op string, access store.Access, c change) error {
	for _, need := range []struct {
		wanted bool
		most   store.Access
		text   string
	}{
		{len(c.articles) > 0, store.AccessDocumented, "create new articles"},
		{len(c.fields) > 0, store.AccessFull, "update dynamic fields"},
		{c.queue.given(), store.AccessDocumented, "update queue"},
		{c.owner.given(), store.AccessFull, "update owner"},
		{c.responsible.given(), store.AccessFull, "update responsibe"},
		{c.priority.given(), store.AccessDocumented, "update priority"},
		{c.endsWork, store.AccessFull, "update state"},
	} {
		if need.wanted && access > need.most {
			return wire.Reject(op, "AccessDenied", "Does not have permissions to "+need.text+"!")
		}
	}
	return nil
}

func addArticleIDs(out wire.Object, articles []*store.Article) {
	switch len(articles) {
	case 0:
	case 1:
		out["ArticleID"] = articles[0].ID
	default:
		ids := make([]int64, len(articles))
		for i, a := range articles {
			ids[i] = a.ID
		}
		out["ArticleIDs"] = ids
	}
}

// addTicketData adds the ticket, for IncludeTicketData 1. OTOBO shows the latest article even if the request brought none.
func (s *System) addTicketData(out wire.Object, t *store.Ticket, articles []*store.Article) {
	data := s.ticketAnswer(t)
	if all := s.dynamicFieldAnswer(t); all != nil {
		data["DynamicField"] = all
	}
	out["Ticket"] = data
	addArticleIDs(out, articles)
	switch {
	case len(articles) == 1:
		data["Article"] = s.newArticleAnswer(t, articles[0])
	case len(articles) > 1:
		shown := make([]wire.Object, len(articles))
		for i, a := range articles {
			shown[i] = s.newArticleAnswer(t, a)
		}
		data["Articles"] = shown
	case s.mode == wire.ModeOTOBO && len(t.Articles) > 0:
		latest := t.Articles[len(t.Articles)-1]
		out["ArticleID"], data["Article"] = latest.ID, s.articleHead(t, latest)
	}
}

func (s *System) newArticleAnswer(t *store.Ticket, a *store.Article) wire.Object {
	out := s.articleAnswer(t, a)
	if files := fileAnswers(a, true, true); len(files) > 0 {
		for _, f := range files {
			delete(f, "FileID")
		}
		out["Attachment"] = files
	}
	return out
}
