package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// What others want to know of the work is asked of the supervisor, which passes the question on to
// the worker over a connection of its own: a long answer, or many questions, are in nobody's way.

// workerAsks is the worker's descriptor of that connection.
const workerAsks = workerStderr + 1

const (
	maxAnswer   = 16 << 20 // bytes
	maxPart     = 32 << 10
	mostAtWork  = 8 // questions; further ones wait
	askPatience = 100 * time.Millisecond
	// Each answer waits in a goroutine of its own, and one that is given up leaves whoever asked waiting.
	answerPatience = 30 * time.Second
)

// ErrNoWorker means that there is no worker that could answer.
var ErrNoWorker = errors.New("there is no worker process at this moment")

// ErrUnknownQuestion means that the worker, perhaps one of an earlier release, has no answer.
var ErrUnknownQuestion = errors.New("the worker process has no answer to this")

// AnswerError is what the worker says instead of an answer.
type AnswerError struct{ Text string }

func (e *AnswerError) Error() string { return e.Text }

// part is a packet of that connection, as JSON: a question, or a part of an answer.
type part struct {
	ID      uint64 `json:"id"`
	What    string `json:"what,omitempty"`
	Args    []byte `json:"args,omitempty"`
	Data    []byte `json:"data,omitempty"`
	Last    bool   `json:"last,omitempty"`
	Err     string `json:"err,omitempty"`
	Unknown bool   `json:"unknown,omitempty"`
	Cancel  bool   `json:"cancel,omitempty"` // nobody waits any more
}

func send(to *os.File, p part, patience time.Duration) error {
	packet, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := to.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err = to.Write(packet)
	return err
}

// receiveParts calls with each packet until the other side has gone.
func receiveParts(from *os.File, got func(part)) {
	buffer := make([]byte, maxMessage)
	for {
		n, err := from.Read(buffer)
		if err != nil || n == 0 {
			return
		}
		var p part
		if json.Unmarshal(buffer[:n], &p) == nil {
			got(p)
		}
	}
}

// asks is the connection as the supervisor has it.
type asks struct {
	file *os.File

	mu      sync.Mutex // for writing, too
	next    uint64
	waiting map[uint64]*question
	gone    bool
	paused  bool
	done    chan struct{} // closed when nothing is read any more
}

type question struct {
	answer []byte
	err    error
	done   chan struct{}
}

func newAsks() (*asks, *os.File, error) {
	c, theirs, err := newChannel()
	if err != nil {
		return nil, nil, err
	}
	return openAsks(c.file, 0), theirs, nil
}

// openAsks goes on with a connection, after that number of questions.
func openAsks(file *os.File, asked uint64) *asks {
	a := &asks{file: file, next: asked, waiting: make(map[uint64]*question)}
	a.begin()
	return a
}

func (a *asks) begin() {
	a.done = make(chan struct{})
	go a.listen(a.done)
}

func (a *asks) listen(done chan<- struct{}) {
	defer close(done)
	receiveParts(a.file, a.got)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.paused {
		return
	}
	a.gone = true
	for id, q := range a.waiting {
		a.end(id, q, ErrNoWorker)
	}
}

func (a *asks) got(p part) {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := a.waiting[p.ID]
	switch {
	case q == nil: // nobody waits any more
	case p.Unknown:
		a.end(p.ID, q, ErrUnknownQuestion)
	case p.Err != "":
		a.end(p.ID, q, &AnswerError{p.Err})
	case len(q.answer)+len(p.Data) > maxAnswer:
		a.end(p.ID, q, fmt.Errorf("the worker process says more than %d MiB", maxAnswer>>20))
	default:
		if q.answer = append(q.answer, p.Data...); p.Last {
			a.end(p.ID, q, nil)
		}
	}
}

func (a *asks) end(id uint64, q *question, err error) {
	q.err = err
	delete(a.waiting, id)
	close(q.done)
}

// ask waits for the answer as long as ctx does.
func (a *asks) ask(ctx context.Context, what string, args []byte) ([]byte, error) {
	a.mu.Lock()
	if a.gone {
		a.mu.Unlock()
		return nil, ErrNoWorker
	}
	a.next++
	id, q := a.next, &question{done: make(chan struct{})}
	a.waiting[id] = q
	err := send(a.file, part{ID: id, What: what, Args: args}, askPatience)
	a.mu.Unlock()
	if err == nil {
		select {
		case <-q.done:
			return q.answer, q.err
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waiting, id)
	_ = send(a.file, part{ID: id, Cancel: true}, askPatience)
	return nil, fmt.Errorf("the worker process doesn't answer: %w", err)
}

func (a *asks) close() { _ = a.file.Close() }

// pause reads nothing more until resume, and says how many questions were asked.
func (a *asks) pause() (asked uint64) {
	a.mu.Lock()
	a.paused, asked = true, a.next
	a.mu.Unlock()
	_ = a.file.SetReadDeadline(time.Now())
	<-a.done
	return asked
}

func (a *asks) resume() {
	a.mu.Lock()
	a.paused = false
	a.mu.Unlock()
	_ = a.file.SetReadDeadline(time.Time{})
	a.begin()
}

// answers is the connection as the worker has it.
type answers struct {
	file *os.File // nil: the supervisor is of another release
	slot chan struct{}

	writing sync.Mutex
	mu      sync.Mutex
	known   map[string]func(ctx context.Context, args []byte) ([]byte, error)
	running map[uint64]context.CancelFunc
}

func openAnswers() *answers {
	a := &answers{
		slot: make(chan struct{}, mostAtWork), running: make(map[uint64]context.CancelFunc),
		known: make(map[string]func(context.Context, []byte) ([]byte, error)),
	}
	var stat unix.Stat_t
	if err := unix.Fstat(workerAsks, &stat); err == nil && stat.Mode&unix.S_IFMT == unix.S_IFSOCK {
		unix.CloseOnExec(workerAsks)
		a.file = os.NewFile(workerAsks, "asks")
	}
	return a
}

// Answer says what answers questions of that kind from now on, in goroutines of their own; nil:
// nothing does. What the function returns is shown to others: it has no secrets.
func (w *Worker) Answer(what string, f func(ctx context.Context, args []byte) ([]byte, error)) {
	if w == nil || w.answers == nil {
		return
	}
	w.answers.mu.Lock()
	defer w.answers.mu.Unlock()
	if w.answers.known[what] = f; f == nil {
		delete(w.answers.known, what)
	}
}

// listen ends when the connection does.
func (a *answers) listen() {
	if a.file == nil {
		return
	}
	receiveParts(a.file, a.got)
	a.mu.Lock()
	for _, cancel := range a.running {
		cancel()
	}
	a.mu.Unlock()
}

func (a *answers) got(p part) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.Cancel {
		if cancel := a.running[p.ID]; cancel != nil {
			cancel()
		}
		return
	}
	f := a.known[p.What]
	if f == nil {
		go a.say(part{ID: p.ID, Unknown: true})
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.running[p.ID] = cancel
	go a.answer(ctx, p, f)
}

func (a *answers) answer(ctx context.Context, p part, f func(context.Context, []byte) ([]byte, error)) {
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.running[p.ID]()
		delete(a.running, p.ID)
	}()
	select {
	case a.slot <- struct{}{}:
		defer func() { <-a.slot }()
	case <-ctx.Done():
		return
	}
	content, err := f(ctx, p.Args)
	if err != nil {
		a.say(part{ID: p.ID, Err: err.Error()})
		return
	}
	for {
		n := min(len(content), maxPart)
		if !a.say(part{ID: p.ID, Data: content[:n], Last: n == len(content)}) || n == len(content) || ctx.Err() != nil {
			return
		}
		content = content[n:]
	}
}

func (a *answers) say(p part) bool {
	a.writing.Lock()
	defer a.writing.Unlock()
	return send(a.file, p, answerPatience) == nil
}

func (a *answers) close() {
	if a.file != nil {
		_ = a.file.Close()
	}
}
