package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// intent is an update that was begun. It stands in the journal from before its
// first request until its outcome is certain.
type intent struct {
	ID     uint64    `json:"id"`
	Ticket string    `json:"ticket"`
	Key    string    `json:"key"` // hash of the change as it was wanted
	At     time.Time `json:"at"`
	Change change    `json:"change"`

	partial   bool // a part is known to have been written
	attempts  int
	notBefore time.Time
}

// journal keeps the intents in a file, so that a process that is killed in the
// middle of an update leaves to the next one what it was about to do. It holds
// texts of notes for as long as an update takes; nobody else may read it. The nil
// journal keeps nothing.
type journal struct {
	mu   sync.Mutex
	path string
	file *os.File
	lock *os.File
	open map[uint64][]byte // the lines of what is unfinished
	next uint64
	head int64 // size of the first line
	size int64
	born time.Time // it knows of every update since then
}

// journalLine is one line of the file: its beginning, an intent, or the end of one.
type journalLine struct {
	Born  *time.Time `json:"born,omitempty"`
	Begin *intent    `json:"begin,omitempty"`
	End   uint64     `json:"end,omitempty"`
}

// errJournalTaken says that another process writes to the same help desk from the
// same state folder.
var errJournalTaken = errors.New("another otai with the same state folder is at work for the same help desk")

// journalName tells the help desks and agents apart.
func journalName(service, login string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", service, login))
	return "updates-" + hex.EncodeToString(sum[:6]) + ".jsonl"
}

// openJournal returns the journal and what an earlier process left unfinished.
func openJournal(dir, name string) (*journal, []*intent, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, name)
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, nil, errJournalTaken
	}
	j := &journal{path: path, lock: lock, open: make(map[uint64][]byte), next: 1, born: time.Now()}
	left, err := j.load()
	for _, i := range left {
		if err == nil {
			j.open[i.ID], err = line(journalLine{Begin: i})
		}
	}
	if err == nil {
		err = j.rewrite()
	}
	if err != nil {
		_ = j.close()
		return nil, nil, err
	}
	return j, left, nil
}

func line(l journalLine) ([]byte, error) {
	text, err := json.Marshal(l)
	return append(text, '\n'), err
}

// load reads the file. A line that was cut off by a crash ends the reading: what
// comes after the last whole line was never acted on, because a line is on the
// disk before its first request.
func (j *journal) load() ([]*intent, error) {
	data, err := os.ReadFile(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	open := make(map[uint64]*intent)
	var order []uint64
	lines := bufio.NewReader(bytes.NewReader(data))
	for {
		raw, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var l journalLine
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if d.Decode(&l) != nil {
			continue
		}
		switch {
		case l.Born != nil:
			j.born = *l.Born
		case l.Begin != nil:
			open[l.Begin.ID] = l.Begin
			order = append(order, l.Begin.ID)
			j.next = max(j.next, l.Begin.ID+1)
		default:
			delete(open, l.End)
		}
	}
	var left []*intent
	for _, id := range order {
		if i := open[id]; i != nil {
			left = append(left, i)
			delete(open, id)
		}
	}
	return left, nil
}

// rewrite leaves only what is unfinished. The new file takes the old one's place
// in one step.
func (j *journal) rewrite() error {
	head, err := line(journalLine{Born: &j.born})
	if err != nil {
		return err
	}
	b := bytes.NewBuffer(head)
	j.head = int64(len(head))
	for _, id := range slices.Sorted(maps.Keys(j.open)) {
		b.Write(j.open[id])
	}
	if j.file != nil {
		_ = j.file.Close()
	}
	temporary := j.path + ".new"
	if err := os.WriteFile(temporary, b.Bytes(), 0o600); err != nil {
		return err
	}
	if err := os.Rename(temporary, j.path); err != nil {
		return err
	}
	j.file, err = os.OpenFile(j.path, os.O_WRONLY|os.O_APPEND, 0o600)
	j.size = int64(b.Len())
	return err
}

// maxJournal is the size from which a journal that is never empty is written anew.
const maxJournal = 1 << 20

// begin writes an intent before its first request.
func (j *journal) begin(i *intent) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.size > maxJournal {
		if err := j.rewrite(); err != nil {
			return err
		}
	}
	i.ID = j.next
	text, err := line(journalLine{Begin: i})
	if err == nil {
		err = j.append(text)
	}
	if err != nil {
		i.ID = 0
		return err
	}
	j.next++
	j.open[i.ID] = text
	return j.file.Sync()
}

// end strikes an intent off, and with the last one all texts. An end that gets lost
// costs the next process a look at the ticket.
func (j *journal) end(i *intent) error {
	if j == nil || i.ID == 0 {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.open[i.ID] == nil || j.file == nil {
		return nil
	}
	delete(j.open, i.ID)
	if len(j.open) == 0 {
		j.size = j.head
		return j.file.Truncate(j.head)
	}
	text, err := line(journalLine{End: i.ID})
	if err != nil {
		return err
	}
	return j.append(text)
}

func (j *journal) append(text []byte) error {
	if j.file == nil {
		return os.ErrClosed
	}
	n, err := j.file.Write(text)
	if err != nil {
		// Half a line, as on a full disk, would spoil the next one.
		_ = j.file.Truncate(j.size)
		return err
	}
	j.size += int64(n)
	return nil
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var err error
	if j.file != nil {
		err = j.file.Close()
		j.file = nil
	}
	if j.lock != nil {
		err = errors.Join(err, j.lock.Close())
		j.lock = nil
	}
	return err
}
