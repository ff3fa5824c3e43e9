package supervise

import "context"

// turns is how a worker hears that it may have the store, or is to give it up.
type turns struct {
	beside  bool // it was started beside another one
	took    bool
	yields  chan struct{}
	takes   chan []byte // with what the other worker has handed over
	resumes chan struct{}
}

func newTurns(beside bool) turns {
	return turns{beside: beside, yields: make(chan struct{}, 1), takes: make(chan []byte, 1), resumes: make(chan struct{}, 1)}
}

// hear takes a word of the supervisor, which waits for the answer before the next one.
func (t turns) hear(m message) {
	if m.Kind == kindTake {
		select {
		case t.takes <- m.Handed:
		default:
		}
		return
	}
	heard := map[string]chan struct{}{kindYield: t.yields, kindResume: t.resumes}[m.Kind]
	select {
	case heard <- struct{}{}:
	default: // it is of another release, or said twice
	}
}

// Beside reports whether this worker was started beside another one, which works, and has not
// taken its place yet.
func (w *Worker) Beside() bool { return w != nil && w.turns.beside && !w.turns.took }

// Prepared says that this worker can take over, and waits until it may. runs is where it keeps its
// runs, in any form that is equal where it is the same. It returns what the other worker has handed
// over.
func (w *Worker) Prepared(ctx context.Context, runs string) (handed []byte, err error) {
	w.say(message{Kind: kindPrepared, Runs: runs})
	select {
	case handed = <-w.turns.takes:
		return handed, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Took says that this worker has the store.
func (w *Worker) Took(runs string) {
	if w != nil {
		w.turns.took = true
		w.say(message{Kind: kindTook, Runs: runs})
	}
}

// Yields receives a value when this worker is to give up the store; then it calls Yielded.
func (w *Worker) Yields() <-chan struct{} {
	if w == nil {
		return nil
	}
	return w.turns.yields
}

// Yielded says that this worker holds nothing any more, hands something over, unless that is too
// long, and waits. It is true if it is to go on after all, and false when ctx has ended.
func (w *Worker) Yielded(ctx context.Context, handed []byte) bool {
	if len(handed) > maxHanded {
		handed = nil
	}
	w.say(message{Kind: kindYielded, Handed: handed})
	select {
	case <-w.turns.resumes:
		return true
	case <-ctx.Done():
		return false
	}
}

// Refuse says why this worker can't take over.
func (w *Worker) Refuse(reason string) {
	w.say(message{Kind: kindRefused, Text: reason[:min(len(reason), maxReason)]})
}

const maxHanded = 32 << 10 // bytes

// maxReason bounds what is said of what is wrong, in bytes, so that it fits into a message.
const maxReason = 8 << 10
