package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// life is a service of its own on the same help desk and state folder, as after a
// restart.
func (d *desk) life(t *testing.T, dir string, change ...func(*Params)) *TicketSystem {
	t.Helper()
	p := Params{BaseURL: d.URL + "/znuny/nph-genericinterface.pl", Password: "geheim-4711"}
	for _, f := range change {
		f(&p)
	}
	s, err := newTicketSystem(p, api.NewHost(api.HostOptions{App: api.AppConfig{StateDir: dir}}))
	if err != nil {
		t.Fatal(err)
	}
	s.client.Retry = wire.RetryPolicy{FirstPause: 2 * time.Millisecond, MaxElapsed: 150 * time.Millisecond}
	s.crashGrace = 30 * time.Millisecond
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// die leaves the journal as a SIGKILL would: it learns nothing any more.
func (s *TicketSystem) die() {
	_ = s.journal.opened.close()
}

// beginAndDie begins an update, lets the desk write what do says, and dies.
func beginAndDie(t *testing.T, d *desk, dir string, u api.TicketUpdate, do func()) {
	t.Helper()
	s := d.life(t, dir)
	s.openJournal(t.Context())
	beginOn(t, s, u)
	do()
	s.die()
}

// beginOn writes down that the service is about to update ticket 1.
func beginOn(t *testing.T, s *TicketSystem, u api.TicketUpdate) {
	t.Helper()
	c, err := s.newChange(u)
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Notes {
		c.Notes[i].mark("1", s.marker)
	}
	if _, err := s.newDelivery("1", c).begin(t.Context(), c.key("1")); err != nil {
		t.Fatal(err)
	}
}

func TestWhatADeadProcessLeftIsFinishedOnce(t *testing.T) {
	note := map[string]any{"Subject": "Automatic", "Body": "IT, 0.93", "SenderType": "agent"}
	fields := map[string]any{"Title": "Drucker im 2. OG", "Queue": "IT", "PriorityID": "4"}
	for name, c := range map[string]struct {
		written  map[string]any // what the help desk had written when the process died
		finished bool           // by Resume
	}{
		"nothing: the pipe wants it again":           {nil, false},
		"the queue alone":                            {map[string]any{"Ticket": map[string]any{"Queue": "IT"}}, true},
		"all fields":                                 {map[string]any{"Ticket": fields}, true},
		"the note alone":                             {map[string]any{"Article": note}, true},
		"all, and the answer was never heard":        {map[string]any{"Ticket": fields, "Article": note}, true},
		"the title, which looks like an older one's": {map[string]any{"Ticket": map[string]any{"Title": "Drucker im 2. OG"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, dir := newDesk(t), t.TempDir()
			beginAndDie(t, d, dir, move(), func() {
				if c.written != nil {
					body := map[string]any{"TicketID": "1"}
					for k, v := range c.written {
						body[k] = v
					}
					d.do("ticket-update", body)
				}
			})
			s := d.life(t, dir)
			if err := s.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			if done := slices.Equal(d.notes("1"), []string{"Automatic"}) && d.field("1", "Queue") == "IT" && d.field("1", "PriorityID") == "4"; done != c.finished {
				t.Errorf("finished: %v; notes %q in %v", done, d.notes("1"), d.field("1", "Queue"))
			}
			// The pipe sees the ticket once more, and wants the same.
			if err := s.UpdateTicket(t.Context(), "1", move()); err != nil {
				t.Fatal(err)
			}
			if got := d.notes("1"); !slices.Equal(got, []string{"Automatic"}) || d.field("1", "Queue") != "IT" {
				t.Errorf("notes are %q in %v", got, d.field("1", "Queue"))
			}
			// From then on the same note is another one.
			if err := s.AddNote(t.Context(), "1", move().Notes[0]); err != nil {
				t.Fatal(err)
			}
			if got := d.notes("1"); len(got) != 2 {
				t.Errorf("a later note that reads the same was taken for the first: %q", got)
			}
			// A third life finds nothing to do.
			_ = s.Close()
			third := d.life(t, dir)
			before := len(d.sent("ticket-update"))
			if err := third.Resume(t.Context()); err != nil || len(third.unfinished.all()) != 0 || len(d.sent("ticket-update")) != before {
				t.Errorf("left: %v, %v", third.unfinished.all(), err)
			}
		})
	}
}

func TestARequestThatStillRunsIsWaitedFor(t *testing.T) {
	d, dir := newDesk(t), t.TempDir()
	beginAndDie(t, d, dir, move(), func() {})
	s := d.life(t, dir)
	s.crashGrace = 10 * time.Second
	d.afterLooks(2, func() {
		d.do("ticket-update", map[string]any{
			"TicketID": "1", "Ticket": map[string]any{"Title": "Drucker im 2. OG", "Queue": "IT", "PriorityID": "4"},
			"Article": map[string]any{"Subject": "Automatic", "Body": "IT, 0.93", "SenderType": "agent"},
		})
	})
	if err := s.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, sent := d.notes("1"), len(d.sent("ticket-update")); len(got) != 1 || sent != 0 {
		t.Errorf("notes are %q after %d requests", got, sent)
	}
}

// The dead process may have sent its request long after it wrote the update down:
// what counts is when it died.
func TestARequestThatWasRepeatedJustBeforeTheDeathIsWaitedFor(t *testing.T) {
	d, dir := newDesk(t), t.TempDir()
	beginAndDie(t, d, dir, move(), func() {
		d.do("ticket-update", map[string]any{"TicketID": "1", "Ticket": map[string]any{"Queue": "IT"}})
	})
	s := d.life(t, dir)
	s.crashGrace = 2 * time.Second
	s.openJournal(t.Context())
	for _, i := range s.unfinished.all() {
		i.At = i.At.Add(-time.Hour)
	}
	d.afterLooks(1, func() {
		d.do("ticket-update", map[string]any{
			"TicketID": "1", "Ticket": map[string]any{"Title": "Drucker im 2. OG", "PriorityID": "4"},
			"Article": map[string]any{"Subject": "Automatic", "Body": "IT, 0.93", "SenderType": "agent"},
		})
	})
	if err := s.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, sent := d.notes("1"), len(d.sent("ticket-update")); len(got) != 1 || sent != 0 {
		t.Errorf("notes are %q after %d requests", got, sent)
	}
}

// Also by a pipe that wants the same update, because Resume could not look.
func TestARequestThatStillRunsIsWaitedForByThePipeToo(t *testing.T) {
	d, dir := newDesk(t), t.TempDir()
	beginAndDie(t, d, dir, move(), func() {})
	s := d.life(t, dir)
	s.crashGrace = 2 * time.Second
	d.afterLooks(1, func() {
		d.do("ticket-update", map[string]any{
			"TicketID": "1", "Ticket": map[string]any{"Title": "Drucker im 2. OG", "Queue": "IT", "PriorityID": "4"},
			"Article": map[string]any{"Subject": "Automatic", "Body": "IT, 0.93", "SenderType": "agent"},
		})
	})
	if err := s.UpdateTicket(t.Context(), "1", move()); err != nil {
		t.Fatal(err)
	}
	if got, sent := d.notes("1"), len(d.sent("ticket-update")); len(got) != 1 || sent != 0 {
		t.Errorf("notes are %q after %d requests", got, sent)
	}
}

func TestWhatPeopleChangedAfterAnUpdateIsNotUndone(t *testing.T) {
	d, dir := newDesk(t), t.TempDir()
	beginAndDie(t, d, dir, move(), func() {
		d.do("ticket-update", map[string]any{
			"TicketID": "1", "Ticket": map[string]any{"Title": "Drucker im 2. OG", "Queue": "IT", "PriorityID": "4"},
			"Article": map[string]any{"Subject": "Automatic", "Body": "IT, 0.93", "SenderType": "agent"},
		})
		d.do("ticket-update", map[string]any{"TicketID": "1", "Ticket": map[string]any{"Queue": "HR"}})
	})
	s := d.life(t, dir)
	s.openJournal(t.Context())
	for _, i := range s.unfinished.all() {
		i.At = i.At.Add(-time.Hour)
	}
	if err := s.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d.field("1", "Queue") != "HR" || len(d.notes("1")) != 1 || len(s.unfinished.all()) != 0 {
		t.Errorf("it is in %v with %q", d.field("1", "Queue"), d.notes("1"))
	}
}

// The old process may still be about to end when the new one begins.
func TestAJournalThatIsTakenIsOpenedWhenItIsFree(t *testing.T) {
	d, dir := newDesk(t), t.TempDir()
	old := d.life(t, dir)
	old.openJournal(t.Context())
	s := d.life(t, dir)
	if err := s.Resume(t.Context()); err != nil || s.openedJournal() != nil {
		t.Fatal("two processes have one journal", err)
	}
	beginOn(t, old, move())
	d.do("ticket-update", map[string]any{"TicketID": "1", "Ticket": map[string]any{"Queue": "IT"}})
	old.die()
	s.journal.nextAttempt = time.Time{}
	if _, err := s.FindTickets(t.Context(), api.SearchCriteria{}); err != nil {
		t.Fatal(err)
	}
	if got := d.notes("1"); !slices.Equal(got, []string{"Automatic"}) {
		t.Errorf("what the old one left was not finished: notes are %q", got)
	}
}

func TestAHelpDeskThatIsDownAtTheStartIsAskedAgainWithTheNextSearch(t *testing.T) {
	d, dir := newDesk(t), t.TempDir()
	beginAndDie(t, d, dir, move(), func() {
		d.do("ticket-update", map[string]any{"TicketID": "1", "Ticket": map[string]any{"Queue": "IT"}})
	})
	s := d.life(t, dir)
	d.will("ticket-get", slices.Repeat([]trouble{unavailable}, 100)...)
	if err := s.Resume(t.Context()); !errors.Is(err, api.ErrTemporary) {
		t.Fatalf("error is %v", err)
	}
	d.will("ticket-get")
	if _, err := s.FindTickets(t.Context(), api.SearchCriteria{}); err != nil {
		t.Fatal(err)
	}
	if got := d.notes("1"); !slices.Equal(got, []string{"Automatic"}) {
		t.Errorf("notes are %q", got)
	}
}

func TestWithoutResumeAServiceWritesNothingByItself(t *testing.T) {
	d, dir := newDesk(t), t.TempDir()
	beginAndDie(t, d, dir, move(), func() {
		d.do("ticket-update", map[string]any{"TicketID": "1", "Ticket": map[string]any{"Queue": "IT"}})
	})
	s := d.life(t, dir) // as of a dry run, or of the doctor
	if _, err := s.FindTickets(t.Context(), api.SearchCriteria{}); err != nil {
		t.Fatal(err)
	}
	s.Diagnose(t.Context(), nil, func(map[string]string) {})
	if n := len(d.sent("ticket-update")); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestAnotherUpdateOfTheTicketComesAfterTheUnfinishedOne(t *testing.T) {
	d, dir := newDesk(t), t.TempDir()
	beginAndDie(t, d, dir, move(), func() {
		d.do("ticket-update", map[string]any{"TicketID": "1", "Ticket": map[string]any{"Queue": "IT"}})
	})
	s := d.life(t, dir)
	if err := s.UpdateTicket(t.Context(), "1", api.TicketUpdate{Queue: &api.Entity{Name: "HR"}}); err != nil {
		t.Fatal(err)
	}
	if got := d.notes("1"); !slices.Equal(got, []string{"Automatic"}) || d.field("1", "Queue") != "HR" {
		t.Errorf("notes are %q in %v", got, d.field("1", "Queue"))
	}
}

func TestWhatIsRefusedForGoodIsNotTriedForEver(t *testing.T) {
	d, dir := newDesk(t), t.TempDir()
	beginAndDie(t, d, dir, move(), func() {
		d.do("ticket-update", map[string]any{"TicketID": "1", "Ticket": map[string]any{"Queue": "IT"}})
	})
	s := d.life(t, dir)
	d.will("ticket-update", refuseAndFinish)
	if err := s.Resume(t.Context()); err != nil || len(s.unfinished.all()) != 0 {
		t.Errorf("left: %v, %v", s.unfinished.all(), err)
	}
}

func TestTheJournalForgivesWhatACrashLeft(t *testing.T) {
	dir := t.TempDir()
	j, left, err := openJournal(dir, "j")
	if err != nil || left != nil {
		t.Fatal(left, err)
	}
	one := &intent{Ticket: "1", Key: "a", At: time.Now(), Change: change{Ticket: wire.Message{"QueueID": 4}}}
	two := &intent{Ticket: "2", Key: "b", At: time.Now()}
	if err := errors.Join(j.begin(one), j.begin(two), j.remove(one)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openJournal(dir, "j"); !errors.Is(err, errJournalTaken) {
		t.Errorf("a second process: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "j")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	born := j.born
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "j"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString("\x00\x00\n{\"begin\":{\"id\":9,\"ticket\":\"3\"")
	_ = f.Close()
	j, left, err = openJournal(dir, "j")
	if err != nil || len(left) != 1 || left[0].Ticket != "2" || left[0].Key != "b" || !j.born.Equal(born) {
		t.Fatalf("%+v, %v", left, err)
	}
	if err := errors.Join(j.remove(left[0]), j.close(), j.close()); err != nil {
		t.Fatal(err)
	}
	if err := j.begin(two); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after its end: %v", err)
	}
}

func TestTheJournalDoesNotGrowWithoutEnd(t *testing.T) {
	dir := t.TempDir()
	j, _, err := openJournal(dir, "j")
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	big := strings.Repeat("x", 300_000)
	for range 10 {
		i := &intent{Ticket: "1", Change: change{Notes: []pendingNote{{Article: wire.Article{Body: big}}}}}
		if err := errors.Join(j.begin(i), j.remove(i)); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "j")); err != nil || len(bytes.TrimRight(text, "\x00")) > 1000 || len(text) > preallocated {
		t.Errorf("with nothing unfinished it has %d bytes, %v", len(text), err)
	}
	// One that never is without an unfinished update.
	var last *intent
	for n := range 10 {
		i := &intent{Ticket: strconv.Itoa(n), Change: change{Notes: []pendingNote{{Article: wire.Article{Body: big}}}}}
		if err := j.begin(i); err != nil {
			t.Fatal(err)
		}
		if last != nil {
			if err := j.remove(last); err != nil {
				t.Fatal(err)
			}
		}
		last = i
	}
	if info, err := os.Stat(filepath.Join(dir, "j")); err != nil || info.Size() > 2<<20 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	_ = j.close()
	if j, left, err := openJournal(dir, "j"); err != nil || len(left) != 1 || left[0].Ticket != last.Ticket {
		t.Errorf("left: %v, %v", left, err)
	} else {
		_ = j.close()
	}
}

func TestAServiceWithoutAPlaceForItsJournalWorksAndSaysSo(t *testing.T) {
	d := newDesk(t)
	notAFolder := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(notAFolder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := d.life(t, notAFolder)
	if err := s.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.UpdateTicket(t.Context(), "1", move()); err != nil {
		t.Fatal(err)
	}
	if got := d.notes("1"); len(got) != 1 {
		t.Errorf("notes are %q", got)
	}
}

func TestAFullDiskStopsNoUpdate(t *testing.T) {
	d := newDesk(t)
	s := d.life(t, t.TempDir())
	s.openJournal(t.Context())
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	j := s.journal.opened
	_ = j.durable.Close()
	j.durable = full
	if err := s.UpdateTicket(t.Context(), "1", move()); err != nil {
		t.Fatal(err)
	}
	if got := d.notes("1"); len(got) != 1 {
		t.Errorf("notes are %q", got)
	}
}

// A disk that fails in the middle of a line spoils no other one.
func TestHalfALineSpoilsNoOther(t *testing.T) {
	dir := t.TempDir()
	j, _, err := openJournal(dir, "j")
	if err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	defer full.Close()
	long := &intent{Ticket: "2", Change: change{Ticket: wire.Message{"Title": strings.Repeat("x", 500)}}}
	text, err := encodeLine(journalLine{Begin: long})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.begin(&intent{Ticket: "1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := j.file.WriteAt(text[:300], j.end); err != nil {
		t.Fatal(err)
	}
	durable := j.durable
	j.durable = full
	if err := j.begin(long); err == nil || long.ID != 0 {
		t.Fatal("a line was written that could not be")
	}
	j.durable = durable
	if err := errors.Join(j.begin(&intent{Ticket: "3"}), j.close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "j"))
	if err != nil || bytes.Contains(data, []byte("xxx")) {
		t.Error("the half line is still there", err)
	}
	j, left, err := openJournal(dir, "j")
	if err != nil || len(left) != 2 || left[0].Ticket != "1" || left[1].Ticket != "3" {
		t.Fatalf("%+v, %v", left, err)
	}
	_ = j.close()
}

// A journal that can't be written anew, as the disk is full, is used as it is.
func TestAJournalThatCanNotBeCompactedIsUsedOn(t *testing.T) {
	dir := t.TempDir()
	j, _, err := openJournal(dir, "j")
	if err != nil {
		t.Fatal(err)
	}
	first := &intent{Ticket: "1"}
	if err := errors.Join(j.begin(first), os.Mkdir(filepath.Join(dir, "j.new"), 0o700)); err != nil {
		t.Fatal(err)
	}
	end := j.end
	j.end = maxJournal + 1
	if err := j.begin(&intent{Ticket: "2"}); err == nil {
		t.Fatal("it was rewritten")
	}
	j.end = end
	if err := errors.Join(j.begin(&intent{Ticket: "3"}), j.remove(first), os.Remove(filepath.Join(dir, "j.new")), j.close()); err != nil {
		t.Fatal(err)
	}
	j, left, err := openJournal(dir, "j")
	if err != nil || len(left) != 1 || left[0].Ticket != "3" {
		t.Fatalf("%+v, %v", left, err)
	}
	_ = j.close()
}

// Without the journal of the process that died, the ticket itself is asked.
func TestWithoutAJournalTheTicketsLastNoteCountsAsOurs(t *testing.T) {
	for name, c := range map[string]struct {
		age   time.Duration
		after map[string]any // an article that came after it
		want  int
	}{
		"of a minute ago":            {time.Minute, nil, 1},
		"of yesterday":               {25 * time.Hour, nil, 2},
		"answered by the customer":   {time.Minute, map[string]any{"ArticleID": 901, "Subject": "Re", "Body": "?", "SenderType": "customer"}, 2},
		"followed by another note":   {time.Minute, map[string]any{"ArticleID": 901, "Subject": "other", "Body": "b", "SenderType": "agent"}, 1},
		"from after this life began": {-time.Minute, nil, 2},
	} {
		for _, articles := range []string{articlesAll, articlesFirst} {
			t.Run(name+"/"+articles, func(t *testing.T) {
				d := newDesk(t)
				ticket := d.tickets["1"]
				ticket["Article"] = append(ticket["Article"].([]any), map[string]any{
					"ArticleID": 900, "Subject": "Automatic", "Body": "IT, 0.93", "SenderType": "agent", "IsVisibleForCustomer": 0,
					"IncomingTime": time.Now().Add(-c.age).Unix(),
				})
				if c.after != nil {
					ticket["Article"] = append(ticket["Article"].([]any), c.after)
				}
				d.articles = 1000
				s := d.life(t, t.TempDir(), func(p *Params) { p.Articles = articles })
				if _, err := s.FindTickets(t.Context(), api.SearchCriteria{}); err != nil {
					t.Fatal(err)
				}
				count := func() (n int) {
					for _, subject := range d.notes("1") {
						if subject == "Automatic" {
							n++
						}
					}
					return n
				}
				if err := s.UpdateTicket(t.Context(), "1", move()); err != nil {
					t.Fatal(err)
				}
				if got := count(); got != c.want || d.field("1", "Queue") != "IT" {
					t.Errorf("%d notes, want %d", got, c.want)
				}
				if err := s.AddNote(t.Context(), "1", move().Notes[0]); err != nil {
					t.Fatal(err)
				}
				if got := count(); got != c.want+1 {
					t.Errorf("%d notes after one that is wanted again, want %d", got, c.want+1)
				}
			})
		}
	}
}

func TestANoteToBeWrittenOnceIsWrittenOnceByWhoeverRepeatsIt(t *testing.T) {
	d := newDesk(t)
	n := func(body string) api.Note {
		return api.Note{Subject: "Sorted", Body: body, Fields: map[string]any{"Once": "sorted"}}
	}
	for i, body := range []string{"first", "second", "third"} {
		s := d.life(t, t.TempDir())
		if err := s.AddNote(t.Context(), "1", n(body)); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			if err := s.AddNote(t.Context(), "2", n(body)); err != nil { // another ticket
				t.Fatal(err)
			}
		}
	}
	if got := d.notes("1"); len(got) != 1 || !strings.HasPrefix(got[0], "Sorted "+markerPrefix) {
		t.Errorf("notes are %q", got)
	}
	if got := d.notes("2"); len(got) != 1 {
		t.Errorf("notes of the other are %q", got)
	}
}

func TestAMarkedNoteIsRecognizedByItsMark(t *testing.T) {
	for name, marker := range map[string]string{"subject": markerSubject, "dynamic field": "DynamicField_OtaiMark"} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			s := d.life(t, "", func(p *Params) { p.NoteMarker = marker })
			d.will("ticket-update", closeDone)
			html := api.Note{Subject: "Sorted", Body: "<p>x</p>", ContentType: "text/html"}
			if err := s.AddNote(t.Context(), "1", html); err != nil {
				t.Fatal(err)
			}
			if got := d.notes("1"); len(got) != 1 || strings.Contains(got[0], markerPrefix) != (name == "subject") {
				t.Errorf("notes are %q", got)
			}
			sent := d.sent("ticket-update")
			if _, has := sent[0]["DynamicField"]; has != (name != "subject") {
				t.Errorf("sent %v", sent[0])
			}
		})
	}
}

func TestAPartialUpdateSaysWhatIsThereAndWhatIsMissing(t *testing.T) {
	d := newDesk(t)
	s := d.life(t, t.TempDir())
	d.will("ticket-update", slices.Repeat([]trouble{failHalfway}, 100)...)
	err := s.UpdateTicket(t.Context(), "1", move())
	var partial *PartialError
	if !errors.As(err, &partial) || !slices.Equal(partial.Written, []string{"subject"}) || !slices.Equal(partial.Missing, []string{"priority", "queue", `note "Automatic"`}) {
		t.Fatalf("error is %v", err)
	}
	if !errors.Is(err, api.ErrDenied) || !strings.Contains(err.Error(), "written: subject; missing: priority, queue, note") {
		t.Errorf("error is %v", err)
	}
}

// FuzzJournal: whatever stands in the file, the service starts.
func FuzzJournal(f *testing.F) {
	f.Add([]byte("{\"born\":\"2026-11-25T12:00:00Z\"}\n{\"begin\":{\"id\":1,\"ticket\":\"5\",\"change\":{\"ticket\":{\"Queue\":\"IT\"},\"notes\":[{\"Subject\":\"s\",\"After\":7}]}}}\n{\"end\":2}\n"))
	f.Add([]byte("{\"begin\":{\"id\":18446744073709551615}}\nnull\n[]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "j"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		j, left, err := openJournal(dir, "j")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(j.begin(&intent{Ticket: "1"}), j.close()); err != nil {
			t.Fatal(err)
		}
		j, again, err := openJournal(dir, "j")
		if err != nil || len(again) != len(left)+1 {
			t.Fatalf("%d and then %d, %v", len(left), len(again), err)
		}
		_ = j.close()
	})
}
