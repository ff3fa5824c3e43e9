package main

import (
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

// intent is an update that was begun. It is in the journal from before its first
// request until its outcome is certain.
type intent struct {
	ID     uint64    `json:"id"`
	Ticket string    `json:"ticket"`
	Key    string    `json:"key"` // hash of the whole change
	At     time.Time `json:"at"`
	Change change    `json:"change"`

	orphan    bool      // its process has died
	partial   bool      // part of it is known to have been written
	silent    time.Time // nothing of it has been sent since then
	attempts  int
	notBefore time.Time
}

// journal keeps the intents in a file, so that if a process is killed in the middle of
// an update, the next one knows what it was about to do. It contains texts of notes
// for as long as an update takes, so nobody else may read it. The nil journal keeps
// nothing.
//
// The file is preallocated with zeros, which lines overwrite. That keeps the file's
// size: half the work for the disk, and a full one doesn't matter. After the last line
// everything is zero.
type journal struct {
	mu      sync.Mutex
	path    string
	lock    *os.File
	file    *os.File
	durable *os.File          // the same file, opened for synchronous writes
	open    map[uint64][]byte // the lines of unfinished intents
	next    uint64
	head    int64     // end of the first line
	end     int64     // of the last one
	born    time.Time // it has every update since then
}

// preallocated is the size of a journal that never needed more.
const preallocated = 64 << 10

// journalLine is one line of the file: the journal's beginning, an intent, or the end
// of one.
type journalLine struct {
	Born  *time.Time `json:"born,omitempty"`
	Begin *intent    `json:"begin,omitempty"`
	End   uint64     `json:"end,omitempty"`
}

// errJournalTaken means that another process writes to the same help desk from the
// same state folder.
var errJournalTaken = errors.New("another otai with the same state folder is at work for the same help desk")

// journalName is different for each help desk and agent.
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
		if err != nil {
			break
		}
		i.ID = j.next // ids start anew with each process
		j.next++
		j.open[i.ID], err = encodeLine(journalLine{Begin: i})
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

func encodeLine(l journalLine) ([]byte, error) {
	text, err := json.Marshal(l)
	return append(text, '\n'), err
}

// load reads the file. It skips a line that a crash or a failing disk has damaged:
// nothing was sent for it yet, because a line is on the disk before the first request.
// Ids of intents only grow; a smaller one is left over from what was overwritten.
func (j *journal) load() ([]*intent, error) {
	data, err := os.ReadFile(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var left []*intent
	var last uint64
	for raw := range bytes.Lines(data) {
		var l journalLine
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if !bytes.HasSuffix(raw, []byte("\n")) || d.Decode(&l) != nil {
			continue
		}
		switch {
		case l.Born != nil:
			j.born = *l.Born
		case l.Begin == nil:
			left = slices.DeleteFunc(left, func(i *intent) bool { return i.ID == l.End })
		case l.Begin.ID > last:
			last = l.Begin.ID
			left = append(left, l.Begin)
		}
	}
	return left, nil
}

// rewrite keeps only what is unfinished. The new file replaces the old one atomically;
// if it can't be written, the old one stays in use.
func (j *journal) rewrite() error {
	head, err := encodeLine(journalLine{Born: &j.born})
	if err != nil {
		return err
	}
	text := slices.Clone(head)
	for _, id := range slices.Sorted(maps.Keys(j.open)) {
		text = append(text, j.open[id]...)
	}
	temporary := j.path + ".new"
	durable, err := os.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|syscall.O_DSYNC, 0o600)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(temporary, os.O_WRONLY, 0)
	if err == nil {
		_, err = durable.Write(append(slices.Clip(text), make([]byte, max(0, preallocated-len(text)))...))
	}
	if err == nil {
		err = durable.Sync() // also its size, which stays
	}
	if err == nil {
		err = os.Rename(temporary, j.path)
	}
	if err != nil {
		_ = durable.Close()
		_ = file.Close()
		return err
	}
	_ = j.closeFiles()
	j.file, j.durable, j.head, j.end = file, durable, int64(len(head)), int64(len(text))
	if folder, err := os.Open(filepath.Dir(j.path)); err == nil {
		_ = folder.Sync() // makes the name durable, where the file system can
		_ = folder.Close()
	}
	return nil
}

// maxJournal is the size at which a journal that is never empty is rewritten.
const maxJournal = 1 << 20

// begin records an intent before its first request.
func (j *journal) begin(i *intent) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return os.ErrClosed
	}
	if j.end > maxJournal {
		if err := j.rewrite(); err != nil {
			return err
		}
	}
	i.ID = j.next
	text, err := encodeLine(journalLine{Begin: i})
	if err == nil {
		err = j.append(j.durable, text)
	}
	if err != nil {
		i.ID = 0
		return err
	}
	j.next++
	j.open[i.ID] = text
	return nil
}

// remove records the end of an intent, and with the last one erases all texts. If the
// machine crashes before that is on the disk, the next process looks at the ticket
// once more.
func (j *journal) remove(i *intent) error {
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
		return j.erase(j.head)
	}
	text, err := encodeLine(journalLine{End: i.ID})
	if err != nil {
		return err
	}
	return j.append(j.file, text)
}

// append writes a line. It erases half a line, as of a failing disk, so that the next
// one stays readable.
func (j *journal) append(to *os.File, text []byte) error {
	_, err := to.WriteAt(text, j.end)
	from := j.end
	j.end += int64(len(text))
	if err != nil {
		return errors.Join(err, j.erase(from))
	}
	return nil
}

// erase zeroes everything from here on.
func (j *journal) erase(from int64) error {
	end := j.end
	j.end = from
	if end > preallocated {
		end = max(from, preallocated)
		if err := j.file.Truncate(end); err != nil {
			return err
		}
	}
	_, err := j.file.WriteAt(make([]byte, end-from), from)
	return err
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.closeFiles()
	if j.lock != nil {
		err = errors.Join(err, j.lock.Close())
		j.lock = nil
	}
	return err
}

func (j *journal) closeFiles() error {
	if j.file == nil {
		return nil
	}
	err := errors.Join(j.file.Close(), j.durable.Close())
	j.file, j.durable = nil, nil
	return err
}
