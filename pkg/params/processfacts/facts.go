package processfacts

import (
	"fmt"
	"math"
	"os/signal"
	"reflect"
)

// Change is a fact that has changed.
type Change struct {
	What string // "umask", "http.DefaultTransport"
	From string // "" where it isn't shown
	To   string // "" where it isn't shown
	Back bool   // it has its former value again
}

func (c Change) String() string {
	text := c.What
	if c.From != "" || c.To != "" {
		text += fmt.Sprintf(" (from %s to %s)", c.From, c.To)
	}
	if !c.Back {
		text += ", which can't be put back"
	}
	return text
}

// fact is one thing that is compared.
type fact struct {
	name string
	read func() any
	set  func(any)        // nil: it can't be put back
	show func(any) string // nil: the values are not shown
}

// Snapshot is the state of the process at one time.
type Snapshot struct {
	facts  []fact
	values []any
	more   []comparison
	spares []int  // copies of the descriptors 0 to 2
	deaf   func() // ends that it hears signals
}

// comparison is of facts without a fixed list, such as variables. before is what it was
// made with.
type comparison interface{ putBack() []Change }

// Look notes the facts. [Snapshot.Close] ends what it holds.
func Look() *Snapshot {
	s := look(func() comparison { return lookAtDescriptors() })
	l := listenForSignals()
	s.more = append(s.more, l)
	s.deaf = func() { signal.Stop(l.heard) }
	return s
}

// LookWithoutListening is Look for who wants to find others that are notified of signals, and so
// can't be one, in a process whose garbage collector may close files that nobody holds any more:
// a descriptor that was closed isn't among the changes.
func LookWithoutListening() *Snapshot {
	return look(func() comparison { return openings{lookAtDescriptors()} })
}

func look(descriptors func() comparison) *Snapshot {
	s := &Snapshot{}
	s.spareOutputs()
	// First what the others need to be read: without io.EOF, no file comes to an end.
	s.facts = append(s.facts, library()...)
	s.facts = append(s.facts, signals()...)
	s.facts = append(s.facts, system()...)
	s.facts = append(s.facts, s.outputs()...)
	s.facts = append(s.facts, runtimes()...)
	s.note()
	s.more = []comparison{lookAtEnvironment(), descriptors(), lookAtProcesses()}
	return s
}

// LookAtSignals notes only what signals do, and timers that send them.
func LookAtSignals() *Snapshot {
	s := &Snapshot{facts: append(signals(), timers()...)}
	s.note()
	return s
}

// LookAtChildren notes only which child processes there are.
func LookAtChildren() *Snapshot {
	p := lookAtProcesses()
	p.threads = math.MaxInt32
	return &Snapshot{more: []comparison{p}}
}

func (s *Snapshot) note() {
	s.values = make([]any, len(s.facts))
	for i, f := range s.facts {
		s.values[i] = f.read()
	}
}

// PutBack returns what has changed since the snapshot was made, after it has put it back.
func (s *Snapshot) PutBack() []Change {
	var changes []Change
	for i, f := range s.facts {
		was, now := s.values[i], f.read()
		if same(was, now) {
			continue
		}
		c := Change{What: f.name}
		if f.show != nil {
			c.From, c.To = f.show(was), f.show(now)
		}
		if f.set != nil {
			f.set(was)
			c.Back = same(was, f.read())
		}
		changes = append(changes, c)
	}
	for _, m := range s.more {
		changes = append(changes, m.putBack()...)
	}
	return changes
}

// same compares values that may be of types which can't be compared.
func same(a, b any) (equal bool) {
	defer func() {
		if recover() != nil {
			equal = false
		}
	}()
	return a == b
}

// plainly shows numbers and short texts.
func plainly(v any) string {
	text := fmt.Sprint(v)
	if len(text) > 200 {
		return text[:200] + "…"
	}
	return text
}

// variable is a variable that can be compared.
func variable[T any](name string, p *T) fact {
	return fact{
		name: name,
		read: func() any { return any(*p) },
		set: func(v any) {
			now, ok := v.(T) // the zero value of an interface is nil, which is not a T
			if ok || v == nil {
				*p = now
			}
		},
		show: typeOf,
	}
}

// typeOf shows of what type a value is: its own text would be made by its methods.
func typeOf(v any) string {
	if v == nil {
		return "nil"
	}
	return reflect.TypeOf(v).String()
}
