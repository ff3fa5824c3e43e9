package main

import (
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// TestOnlyTheFirstArticleIsReadWhereThatIsWanted in both kinds of help desk, by the
// service or by one search.
func TestOnlyTheFirstArticleIsReadWhereThatIsWanted(t *testing.T) {
	otai := buildOtai(t)
	for _, mode := range []string{"znuny", "otobo"} {
		t.Run(mode, func(t *testing.T) {
			s, _ := startHelpdesk(t, otai, mode)
			for _, body := range []string{"two", "three"} {
				if err := s.AddNote(t.Context(), "1", api.Note{Subject: body, Body: body}); err != nil {
					t.Fatal(err)
				}
			}
			base, _, _ := strings.Cut(s.client.URL(), "/Webservice")
			for _, c := range []struct {
				service string
				fetch   any
				want    int
			}{
				{"", nil, 3}, {"all", nil, 3}, {"first", nil, 1}, {"all", "first", 1}, {"first", "all", 3},
			} {
				p := Params{BaseURL: base, Password: deskPassword, Articles: c.service}
				reader, err := newTicketSystem(p, api.Host{})
				if err != nil {
					t.Fatal(err)
				}
				criteria := api.SearchCriteria{Limit: 1}
				if c.fetch != nil {
					criteria.Fields = map[string]any{"Articles": c.fetch}
				}
				found, err := reader.FindTickets(t.Context(), criteria)
				if err != nil || len(found) != 1 {
					t.Fatalf("%+v: %v, %v", c, found, err)
				}
				if got := found[0]; len(got.Notes) != c.want || got.Body == "" || got.Body != got.Notes[0].Body || got.Body == "three" {
					t.Errorf("%+v: %d notes, the body is %q", c, len(got.Notes), got.Body)
				}
				_ = reader.Close()
			}
		})
	}
}

func TestOtherWordsForArticlesAreRefused(t *testing.T) {
	d := newDesk(t)
	if _, err := d.service().FindTickets(t.Context(), api.SearchCriteria{Fields: map[string]any{"Articles": "last"}}); err == nil || !strings.Contains(err.Error(), "must be all or first") {
		t.Errorf("%v", err)
	}
}

// A long text of a customer travels once with the first article, and not again for
// the note; that nothing is doubled and nothing taken for ours is shown where
// repetitions are tested.
func TestBeforeANoteNoTextOfTheCustomerIsReadAgain(t *testing.T) {
	d := newDesk(t)
	s := d.service(func(p *Params) { p.Articles = articlesFirst })
	if _, err := s.FindTickets(t.Context(), api.SearchCriteria{Limit: 1}); err != nil {
		t.Fatal(err)
	}
	title := "no note"
	if err := s.UpdateTicket(t.Context(), "1", api.TicketUpdate{Subject: &title}); err != nil {
		t.Fatal(err)
	}
	if got := len(d.sent("ticket-get")); got != 1 {
		t.Errorf("%d reads for an update without a note, want the one that found the ticket", got)
	}
	if err := s.UpdateTicket(t.Context(), "1", move()); err != nil {
		t.Fatal(err)
	}
	reads := d.sent("ticket-get")
	if len(reads) != 2 {
		t.Fatalf("%d reads, want 2", len(reads))
	}
	first, before := reads[0], reads[1]
	if first["ArticleLimit"] != 1.0 || first["ArticleOrder"] != "ASC" {
		t.Errorf("the ticket was asked for by %v", first)
	}
	if kinds, _ := before["ArticleSenderType"].([]any); before["ArticleLimit"] != 1.0 || before["ArticleOrder"] != "DESC" || len(kinds) != 1 || kinds[0] != "agent" {
		t.Errorf("the newest article was asked for by %v", before)
	}
}

// A ticket that no agent has touched since its first article has no note of otai's: it
// isn't read again before one.
func TestBeforeTheFirstNoteOfANewTicketNothingIsReadAgain(t *testing.T) {
	for name, c := range map[string]struct {
		began, changed string
		sender         string
		reads          int
	}{
		"new":                  {"2026-11-22 15:20:41", "2026-11-22 15:20:41", "", 1},
		"in the second behind": {"2026-11-22 15:20:40", "2026-11-22 15:20:41", "", 1},
		"changed":              {"2026-11-22 15:20:39", "2026-11-22 15:20:41", "", 2},
		"of unknown age":       {"", "2026-11-22 15:20:41", "", 2},
		"another sender":       {"2026-11-22 15:20:41", "2026-11-22 15:20:41", "system", 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.tickets["1"]["Changed"] = c.changed
			d.tickets["1"]["Article"].([]any)[0].(map[string]any)["CreateTime"] = c.began
			s := d.service(func(p *Params) { p.Articles = articlesFirst })
			if _, err := s.FindTickets(t.Context(), api.SearchCriteria{Limit: 1}); err != nil {
				t.Fatal(err)
			}
			note := api.Note{Subject: "Sorted", Body: "by otai"}
			if c.sender != "" {
				note.Fields = map[string]any{"SenderType": c.sender}
			}
			if err := s.AddNote(t.Context(), "1", note); err != nil {
				t.Fatal(err)
			}
			if got := len(d.sent("ticket-get")); got != c.reads {
				t.Errorf("%d reads, want %d", got, c.reads)
			}
		})
	}
}
