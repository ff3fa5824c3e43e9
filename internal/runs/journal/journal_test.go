package journal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// journalOf is a copy of a recorded journal, with its zeros.
func journalOf(t *testing.T, name string) (path string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "updates-0123456789ab.jsonl")
	if err := os.WriteFile(path, append(text, make([]byte, 64<<10-len(text))...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func imported(t *testing.T, path string) []Update {
	t.Helper()
	var got []Update
	err := Import(t.Context(), path, func(_ context.Context, u []Update) error { got = u; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWhatARealProcessLeftIsTheUpdateThatItWasMadeOf(t *testing.T) {
	title := "Drucker im 2. OG"
	large := api.TicketUpdate{
		Subject: &title, Queue: &api.Entity{Name: "IT::Network"}, Priority: &api.Entity{ID: "4"}, State: &api.Entity{Name: "pending reminder"},
		Owner: &api.Entity{Name: "agent2"}, Customer: &api.Entity{ID: "kunde1", Name: "kunde1"},
		Fields: map[string]any{
			"Lock": "lock", "PendingTime": map[string]any{"Diff": int64(2160)}, "DynamicField_Confidence": 0.93, "DynamicField_Count": int64(9007199254740993),
			"DynamicField_NeedsHuman": "1", "DynamicField_Tags": []any{"a", "b"}, "DynamicField_Old": "",
		},
		Notes: []api.Note{
			{Subject: "Sorted", Body: "by otai\nÄÖÜ 😀 <&>", ContentType: "text/plain; charset=utf-8"},
			{Subject: "For you", Body: "<p>x</p>", ContentType: "text/html; charset=utf-8", VisibleToCustomer: true, Fields: map[string]any{
				"NoAgentNotify": true, "TimeUnit": "5", "From": "otai", "SenderType": "system", "DynamicField_Source": "model",
				"Attachments": []any{map[string]any{"Filename": "a.txt", "ContentType": "text/plain; charset=utf-8", "Content": "aGVsbG8="}},
			}},
		},
	}
	once := api.TicketUpdate{Notes: []api.Note{{Subject: "Once", Body: "b", ContentType: "text/plain; charset=utf-8", Fields: map[string]any{"Once": "sorted"}}}}
	both := []Update{{Ticket: "17", Change: large, Record: []byte(`{"after":812}`)}, {Ticket: "18", Change: once, Record: []byte(`{"after":0}`)}}
	for name, want := range map[string][]Update{
		"plain": both, "subject": both, "field": both,
		"killed": {{
			Ticket: "17", Record: []byte(`{"after":812}`),
			Change: api.TicketUpdate{Queue: &api.Entity{Name: "IT"}, Priority: &api.Entity{Name: "4 high"}, Notes: []api.Note{{Subject: "Sorted", Body: "by otai", ContentType: "text/plain; charset=utf-8"}}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path := journalOf(t, name)
			got := imported(t, path)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Update{}, "Begun"), cmpopts.IgnoreUnexported(api.TicketUpdate{}, api.Entity{}, api.Note{})); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if got[0].Begun.Year() != 2026 {
				t.Errorf("begun %v", got[0].Begun)
			}
			if _, err := os.Stat(path + ".imported"); err != nil {
				t.Error(err)
			}
			if again := imported(t, path); again != nil {
				t.Errorf("a second time: %+v", again)
			}
		})
	}
}

func TestAJournalThatCanNotBeStoredStays(t *testing.T) {
	path, full := journalOf(t, "killed"), errors.New("no room")
	if err := Import(t.Context(), path, func(context.Context, []Update) error { return full }); !errors.Is(err, full) {
		t.Fatalf("error is %v", err)
	}
	if got := imported(t, path); len(got) != 1 {
		t.Errorf("then %+v", got)
	}
}

func TestTheProcessBeforeMayEndFirst(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		want  error
	}{"in time": {9 * time.Second, nil}, "too late": {time.Minute, ErrTaken}} {
		t.Run(name, func(t *testing.T) {
			path := journalOf(t, "killed")
			old, err := os.Create(path + ".lock")
			if err != nil {
				t.Fatal(err)
			}
			defer old.Close()
			if err := syscall.Flock(int(old.Fd()), syscall.LOCK_EX); err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				time.AfterFunc(c.after, func() { _ = syscall.Flock(int(old.Fd()), syscall.LOCK_UN) })
				stored := 0
				err := Import(t.Context(), path, func(context.Context, []Update) error { stored++; return nil })
				if !errors.Is(err, c.want) || (stored == 1) != (c.want == nil) {
					t.Errorf("error is %v, stored %d times", err, stored)
				}
			})
		})
	}
}

func TestWaitingForTheProcessBeforeEndsWithTheCaller(t *testing.T) {
	path := journalOf(t, "killed")
	old, err := os.Create(path + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := syscall.Flock(int(old.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Import(ctx, path, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestADamagedLineSpoilsNoOther(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "plain.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	for name, c := range map[string]struct {
		text []byte
		want int
	}{
		"half a line behind":        {append(bytes.Clone(text), `{"begin":{"id":9,"ticket":"3"`...), 2},
		"half a line between":       {bytes.Join([][]byte{lines[0], lines[1][:300], []byte("\n"), lines[2]}, nil), 1},
		"an older line behind":      {append(bytes.Clone(text), "{\"begin\":{\"id\":2,\"ticket\":\"9\"}}\n"...), 2},
		"an end":                    {append(bytes.Clone(text), "{\"end\":2}\n"...), 1},
		"an end of one that wasn't": {append(bytes.Clone(text), "{\"end\":77}\n"...), 2},
		"nothing":                   {nil, 0},
		"something else":            {[]byte("null\n[]\n\x00\x00\n7\n"), 0},
	} {
		if got := unfinished(c.text); len(got) != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestWhatHasNoCounterpartIsNamed(t *testing.T) {
	got := unfinished([]byte(`{"begin":{"id":1,"ticket":"5","change":{"ticket":{"QueueID":4,"Title":null,"Lock":"lock"}}}}` + "\n"))
	if len(got) != 1 || len(got[0].Lost) != 2 || got[0].Change.Queue != nil || got[0].Change.Fields["Lock"] != "lock" {
		t.Errorf("%+v", got)
	}
}

func TestAServiceNamesItsJournal(t *testing.T) {
	if path, ok := Of(desk("/state/updates-1.jsonl")); !ok || path != "/state/updates-1.jsonl" {
		t.Errorf("%q, %v", path, ok)
	}
	for _, service := range []any{desk(""), nil, "text"} {
		if path, ok := Of(service); ok {
			t.Errorf("%v has %q", service, path)
		}
	}
}

type desk string

func (d desk) FormerJournal() string { return string(d) }

func FuzzUnfinished(f *testing.F) {
	f.Add([]byte("{\"born\":\"2026-11-25T12:00:00Z\"}\n{\"begin\":{\"id\":1,\"ticket\":\"5\",\"change\":{\"ticket\":{\"Queue\":\"IT\"},\"notes\":[{\"Subject\":\"s\",\"After\":7}]}}}\n{\"end\":2}\n"))
	f.Add([]byte("{\"begin\":{\"id\":18446744073709551615}}\nnull\n[]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, u := range unfinished(text) {
			if u.Record == nil {
				t.Errorf("%+v has no record", u)
			}
		}
	})
}
