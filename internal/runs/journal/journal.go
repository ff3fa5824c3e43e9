// Package journal takes over what a process of release 0.1.0 has left unfinished.
//
// That release kept no runs. Its plugin for OTOBO and Znuny wrote each change of a ticket
// to a journal in its own state folder before it sent it, in the help desk's names.
// [Import] waits until that process has ended, gives back each unfinished change as the
// update that it was made of, with the record by which the plugin of today recognizes the
// notes that were written, and puts the file aside.
package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Update is a change of a ticket that was begun and whose end isn't recorded.
type Update struct {
	Ticket string
	Begun  time.Time
	Change api.TicketUpdate
	Record []byte   // what UseStore's load yields for its intent
	Lost   []string // parts of the change that have no counterpart
}

// ErrTaken means that the process whose journal it is hasn't ended.
var ErrTaken = errors.New("another otai still works on this state folder: stop it")

// Of returns the path of the journal that release 0.1.0 kept for a service; ok is false
// for services that had none.
func Of(service any) (path string, ok bool) {
	s, ok := service.(interface{ FormerJournal() string })
	if !ok {
		return "", false
	}
	path = s.FormerJournal()
	return path, path != ""
}

// patience is how long the process before may take to end.
const patience = 10 * time.Second

// Import passes what is unfinished in the journal at path to store. When store has
// kept it durably, the file gets the ending .imported; if store fails, it stays as it
// is. Without a file nothing happens.
func Import(ctx context.Context, path string, store func(context.Context, []Update) error) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	unlock, err := lock(ctx, path+".lock")
	if err != nil {
		return fmt.Errorf("take over the journal %s: %w", path, err)
	}
	defer unlock()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another process has taken it over meanwhile
	}
	if err == nil {
		if left := unfinished(text); len(left) > 0 {
			err = store(ctx, left)
		}
	}
	if err == nil {
		err = os.Rename(path, path+".imported")
	}
	if err != nil {
		return fmt.Errorf("take over the journal %s: %w", path, err)
	}
	return nil
}

// lock waits for the lock that a process of 0.1.0 holds until it ends.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	for until := time.Now().Add(patience); ; {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { _ = f.Close() }, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			_ = f.Close()
			return nil, err
		case time.Now().After(until):
			_ = f.Close()
			return nil, ErrTaken
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// line is one line of the file: its beginning, an intent, or the end of one.
type line struct {
	Born  *time.Time
	Begin *intent
	End   uint64
}

type intent struct {
	ID     uint64
	Ticket string
	At     time.Time
	Change change
}

// unfinished reads the file as 0.1.0 itself did. It skips a line that a crash or a
// failing disk has damaged: nothing was sent for it yet. Ids only grow; a smaller one is
// left over from what was overwritten.
func unfinished(text []byte) []Update {
	var left []intent
	var last uint64
	for raw := range bytes.Lines(text) {
		var l line
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if !bytes.HasSuffix(raw, []byte("\n")) || d.Decode(&l) != nil {
			continue
		}
		switch {
		case l.Born != nil:
		case l.Begin == nil:
			left = slices.DeleteFunc(left, func(i intent) bool { return i.ID == l.End })
		case l.Begin.ID > last:
			last = l.Begin.ID
			left = append(left, *l.Begin)
		}
	}
	updates := make([]Update, len(left))
	for n, i := range left {
		u, lost := i.Change.update()
		updates[n] = Update{Ticket: i.Ticket, Begun: i.At, Change: u, Record: i.Change.record(), Lost: lost}
	}
	return updates
}
