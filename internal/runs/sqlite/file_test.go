package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/sqlstore"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func openIn(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), Options{Dir: dir})
	must(t, err)
	return s
}

const host = "a/1"

func register(t testing.TB, s *Store) {
	t.Helper()
	must(t, s.Register(context.Background(), store.Host{ID: host, Instance: "a", Places: []store.HostPlace{{Runner: "r", Hash: "h"}}}))
}

// begin claims a ticket for a new run.
func begin(t testing.TB, s *Store, id, ticket string) store.Held {
	t.Helper()
	held := store.Held{Run: id, Host: host, Fence: 1}
	mark, err := s.Mark(context.Background())
	must(t, err)
	c, err := s.Claim(context.Background(), store.Claim{
		Held: held, Create: &store.Run{ID: id, Runner: "r", Hash: "h"}, Runner: "r", Hash: "h", System: "s",
		Tickets: []string{ticket}, Limit: 1, Since: mark,
	})
	must(t, err)
	if len(c.Tickets) != 1 {
		t.Fatalf("the claim of ticket %s gave %+v", ticket, c)
	}
	return held
}

func TestTheLockNamesWhoHasIt(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	_, err := Open(t.Context(), Options{Dir: dir})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("the second one got %v", err)
	}
	must(t, s.Close())
	must(t, openIn(t, dir).Close())
}

func TestOthersReadAndAskBesideTheService(t *testing.T) {
	dir := t.TempDir()
	if _, err := Beside(t.Context(), Options{Dir: dir}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a store: %v", err)
	}
	s := openIn(t, dir)
	register(t, s)
	begin(t, s, "run", "1")
	beside, err := Beside(t.Context(), Options{Dir: dir})
	must(t, err)
	runs, err := beside.Runs(t.Context(), store.Filter{})
	must(t, err)
	if len(runs) != 1 {
		t.Errorf("%d runs are read beside", len(runs))
	}
	_, err = beside.Ask(t.Context(), store.Request{Verb: store.VerbRetry})
	must(t, err)
	open, err := s.Requests(t.Context())
	must(t, err)
	if len(open) != 1 {
		t.Errorf("%d requests arrived", len(open))
	}
	must(t, s.Close(), beside.Close())
}

func TestLookingAtAnIdleStoreChangesNothing(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	register(t, s)
	begin(t, s, "run", "1")

	look := func() {
		t.Helper()
		looking, err := Look(t.Context(), Options{Dir: dir})
		must(t, err)
		runs, err := looking.Runs(t.Context(), store.Filter{})
		must(t, err)
		if len(runs) != 1 {
			t.Errorf("%d runs are read", len(runs))
		}
		must(t, looking.Close())
	}
	look() // beside a process that works
	must(t, s.Close())

	long := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(dir, long, long))
	look()
	info, err := os.Stat(dir)
	must(t, err)
	if !info.ModTime().Equal(long) {
		t.Error("looking changed the folder")
	}

	looking, err := Look(t.Context(), Options{Dir: dir})
	must(t, err)
	if _, err := looking.Ask(t.Context(), store.Request{Verb: store.VerbRetry}); err == nil {
		t.Error("a request was written to a store that was opened to be read")
	}
	if _, err := Open(t.Context(), Options{Dir: dir}); !errors.As(err, new(*LockedError)) {
		t.Errorf("a process works with a store that is read as it is: %v", err)
	}
	must(t, looking.Close())
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	register(t, s)
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v", name, info.Mode())
		}
	}
	must(t, s.Close())
	var untrusted *UntrustedError
	path := filepath.Join(dir, fileName)
	refused := func(why string) {
		t.Helper()
		if s, err := Open(t.Context(), Options{Dir: dir}); !errors.As(err, &untrusted) {
			t.Errorf("%s: %v, %v", why, s, err)
		}
	}
	must(t, os.Chmod(path, 0o640))
	refused("a file that others may read")
	must(t, os.Chmod(path, 0o600), os.Chmod(dir, 0o777))
	refused("a folder in which others may write")
	must(t, os.Chmod(dir, 0o700), os.Rename(path, path+".x"), os.Symlink(path+".x", path))
	refused("a link")
	if os.Geteuid() != 0 {
		return
	}
	must(t, os.Remove(path), os.Rename(path+".x", path), os.Chown(path, 12345, 12345))
	refused("a file of somebody else")
}

func TestWhatRootMakesIsTheFoldersOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can work in somebody else's folder")
	}
	dir := t.TempDir()
	must(t, os.Chown(dir, 12345, 12346))
	s := openIn(t, dir)
	register(t, s)
	beside, err := Beside(t.Context(), Options{Dir: dir})
	must(t, err)
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if uid, gid := ownerOf(info); uid != 12345 || gid != 12346 {
			t.Errorf("%s belongs to %d:%d", name, uid, gid)
		}
	}
	must(t, beside.Close(), s.Close())
}

func TestADamagedFileIsMovedAsideAndANewOneIsBorn(t *testing.T) {
	for name, damage := range map[string]func(data []byte) []byte{
		"not a database": func([]byte) []byte { return bytes.Repeat([]byte("x"), 8192) },
		"pages of zeros": func(data []byte) []byte { clear(data[4096 : len(data)-4096]); return data },
		"cut off":        func(data []byte) []byte { return data[:len(data)/2+100] },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openIn(t, dir)
			register(t, s)
			begin(t, s, "run", "1")
			must(t, s.Close())
			path := filepath.Join(dir, fileName)
			data, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, damage(data), 0o600))
			if b, err := Beside(t.Context(), Options{Dir: dir}); err == nil {
				must(t, b.Close()) // only a check of all pages finds it
			} else if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "otai run") {
				t.Errorf("beside: %v", err)
			}
			before := time.Now().UnixMicro()
			s = openIn(t, dir)
			if s.Moved == "" || !strings.Contains(s.Moved, ".damaged-") {
				t.Fatalf("moved to %q", s.Moved)
			}
			if _, err := os.Stat(s.Moved); err != nil {
				t.Error(err)
			}
			birth, ok, err := s.Value(t.Context(), "birth")
			if err != nil || !ok || birth < fmt.Sprint(before) {
				t.Errorf("born at %q, %v, %v", birth, ok, err)
			}
			must(t, s.Close())
			s = openIn(t, dir)
			if s.Moved != "" {
				t.Error("the new one was moved as well")
			}
			must(t, s.Close())
		})
	}
}

func TestALaterReleasesStoreIsUsedWhileItAllows(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	must(t, s.SetValue(t.Context(), "schema_version", fmt.Sprint(sqlstore.Schema+1)))
	must(t, s.Close())
	s = openIn(t, dir)
	if v, _, _ := s.Value(t.Context(), "schema_version"); v != fmt.Sprint(sqlstore.Schema+1) {
		t.Errorf("its version became %s", v)
	}
	register(t, s)
	begin(t, s, "run", "1")
	must(t, s.SetValue(t.Context(), "min_reader", fmt.Sprint(sqlstore.Schema+1)), s.Close())
	if _, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, sqlstore.ErrNewer) {
		t.Errorf("what it can't read: %v", err)
	}
}

func TestNothingIsWrittenWhenNothingHappens(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	defer s.Close()
	register(t, s)
	begin(t, s, "run", "1")
	size := func() (sum int64, latest time.Time) {
		for _, name := range []string{fileName, fileName + "-wal"} {
			info, err := os.Stat(filepath.Join(dir, name))
			must(t, err)
			sum += info.Size()
			if info.ModTime().After(latest) {
				latest = info.ModTime()
			}
		}
		return sum, latest
	}
	before, at := size()
	for i := range 1000 {
		_, _, err := s.Take(t.Context(), host, "r", "h")
		must(t, err)
		mark, err := s.Mark(t.Context())
		must(t, err)
		_, err = s.Claim(t.Context(), store.Claim{
			Held: store.Held{Run: fmt.Sprint(i), Host: host, Fence: 1}, Create: &store.Run{}, Runner: "r", Hash: "h", System: "s",
			Tickets: []string{"1"}, Limit: 1, Since: mark,
		})
		must(t, err, s.Renew(t.Context(), host))
		_, err = s.Reconcile(t.Context(), host, []string{"run"})
		must(t, err)
	}
	if after, later := size(); after != before || !later.Equal(at) {
		t.Errorf("1000 idle rounds wrote %d bytes", after-before)
	}
}

func TestOneBatchThatIsRefusedTakesNoOtherWithIt(t *testing.T) {
	s := openIn(t, t.TempDir())
	defer s.Close()
	register(t, s)
	var held []store.Held
	for i := range 40 {
		held = append(held, begin(t, s, fmt.Sprint("run", i), fmt.Sprint(i)))
	}
	var wait sync.WaitGroup
	for i, h := range held {
		if i%2 == 1 {
			h.Fence = 9
		}
		wait.Go(func() {
			for n := range 20 {
				_, err := s.Commit(t.Context(), store.Batch{Held: h, Durable: n%3 == 0, Steps: []store.Step{{Key: fmt.Sprint(n)}}})
				if refused := errors.Is(err, store.ErrFence); refused != (i%2 == 1) || !refused && err != nil {
					t.Errorf("run %d: %v", i, err)
				}
			}
		})
	}
	wait.Wait()
	for i, h := range held {
		l, err := s.Load(t.Context(), h.Run)
		must(t, err)
		if want := 20 * (1 - i%2); len(l.Steps) != want {
			t.Errorf("run %d has %d steps, want %d", i, len(l.Steps), want)
		}
	}
}

func TestT8ReadersAndWritersDontWaitForEachOther(t *testing.T) {
	s := openIn(t, t.TempDir())
	defer s.Close()
	register(t, s)
	held := begin(t, s, "run", "1")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var wait sync.WaitGroup
	for i := range 32 { // more than there are connections
		wait.Go(func() {
			for n := range 10 {
				_, err := s.Mark(ctx)
				_, err2 := s.Commit(ctx, store.Batch{Held: held, Steps: []store.Step{{Key: fmt.Sprint(i, n)}}})
				if err := errors.Join(err, err2); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
}

func TestAClockThatWentBackKeepsNobodyWaiting(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	set := func(to time.Time) { mu.Lock(); now = to; mu.Unlock() }
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Clock: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	must(t, err)
	defer s.Close()
	register(t, s)
	held := begin(t, s, "run", "1")
	wait := store.End{State: store.Waiting, Reason: store.ReasonAside, DueAt: now.Add(time.Minute).UnixMicro()}
	_, err = s.Commit(t.Context(), store.Batch{Held: held, End: &wait})
	must(t, err)
	take := func() *store.Loaded {
		l, _, err := s.Take(t.Context(), host, "r", "h")
		must(t, err)
		return l
	}
	if take() != nil {
		t.Fatal("it didn't wait")
	}
	set(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) // it was four years ahead
	if l := take(); l == nil {
		t.Error("it waits for years")
	}
}

func TestNoTextOfATicketStaysBehind(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	register(t, s)
	const planted = "planted text of a ticket"
	held := begin(t, s, "run", "1")
	_, err := s.Commit(t.Context(), store.Batch{
		Held: held, Durable: true, Steps: []store.Step{{Key: "a", Result: []byte(planted)}},
		Documents: []store.Document{{Ticket: "1", Body: []byte(strings.Repeat(planted, 1000))}},
		Effects:   []store.Effect{{Key: "e", Operation: "note", State: store.Intent, Intent: []byte(planted), Record: []byte(planted)}},
	})
	must(t, err)
	if !stands(t, dir, planted) {
		t.Fatal("the test looks at the wrong place")
	}
	_, err = s.Commit(t.Context(), store.Batch{
		Held: held, Effects: []store.Effect{{Key: "e", Operation: "note", State: store.Done}}, End: &store.End{State: store.Ended, Outcome: store.Applied},
	})
	must(t, err)
	_, err = s.Clean(t.Context(), 0, 10)
	must(t, err)
	if stands(t, dir, planted) {
		t.Error("it stands in a file after the end, while the service runs")
	}
	must(t, s.Close())
	if stands(t, dir, planted) {
		t.Error("it stands in a file after the end")
	}
}

func stands(t *testing.T, dir, text string) bool {
	t.Helper()
	return slices.ContainsFunc(names, func(name string) bool {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return bytes.Contains(data, []byte(text))
	})
}

// TestTheDiskIsWaitedForWhereItMatters: the test of power cuts relies on it.
func TestTheDiskIsWaitedForWhereItMatters(t *testing.T) {
	s := openIn(t, t.TempDir())
	defer s.Close()
	register(t, s)
	held := begin(t, s, "run", "1")
	setting := func() (mode, deletes int) {
		must(t, s.db.writer.outside(func(c *conn) error {
			return errors.Join(
				c.conn.QueryRowContext(context.Background(), "PRAGMA synchronous").Scan(&mode),
				c.conn.QueryRowContext(context.Background(), "PRAGMA secure_delete").Scan(&deletes))
		}))
		return mode, deletes
	}
	const normal, full = 1, 2
	for _, want := range []int{normal, full, normal, full} {
		_, err := s.Commit(t.Context(), store.Batch{Held: held, Durable: want == full, Effects: []store.Effect{{Key: "e", State: store.Intent}}})
		must(t, err)
		if mode, deletes := setting(); mode != want || deletes != 1 {
			t.Errorf("synchronous is %d and secure_delete %d, want %d and 1", mode, deletes, want)
		}
	}
	must(t, s.Fence(t.Context(), held, "e", time.Minute, "", 0))
	if mode, _ := setting(); mode != full {
		t.Error("a fence isn't on the disk before the request")
	}
}

func TestAFolderThatSomebodyLooksAtAlreadyIsOpened(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, fileName), nil, 0o600))
	looking, err := sql.Open("sqlite", filepath.Join(dir, fileName))
	must(t, err)
	defer looking.Close()
	look, err := looking.Conn(t.Context())
	must(t, err)
	defer look.Close()
	_, err = look.ExecContext(t.Context(), "BEGIN IMMEDIATE") // as [Look] does
	must(t, err)
	var done sync.WaitGroup
	done.Go(func() {
		time.Sleep(300 * time.Millisecond)
		_, _ = look.ExecContext(context.Background(), "ROLLBACK")
	})
	defer done.Wait()
	must(t, openIn(t, dir).Close())
}
