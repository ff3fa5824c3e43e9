package crashes

import (
	"bufio"
	"io"
	"iter"
	"strings"
)

// maxLine is how much of a line of a trace counts. What Go itself writes is shorter, but for
// the text of a panic, which may have any length.
const maxLine = 4 << 10 // bytes

// lines are those of a trace, also of one that was cut, or is none.
func lines(trace io.Reader) iter.Seq[string] {
	return func(yield func(string) bool) {
		in := bufio.NewReaderSize(trace, maxLine)
		for {
			begin, more, err := in.ReadLine()
			if err != nil {
				return
			}
			line := string(begin)
			for more && err == nil {
				_, more, err = in.ReadLine()
			}
			if !yield(line) || err != nil {
				return
			}
		}
	}
}

// form is what a line of a trace is, by the way in which Go's runtime writes it.
type form int

const (
	other   form = iota
	reason       // why the process ends
	system       // the heading of the runtime's own stack, which may come before the goroutines
	heading      // of a goroutine
	call         // a function of one
	place        // where in the source that function was
)

// A formed trace is read line by line. The reasons come before the first goroutine; the text of a panic
// can't forge a goroutine, because Go begins its further lines with a tab.
type formed struct {
	goroutines int
	stacks     bool // it has begun to list functions
}

func (f *formed) form(line string) form {
	switch {
	case strings.HasPrefix(line, "goroutine "):
		f.goroutines++
		f.stacks = true
		return heading
	case line == systemStack:
		f.stacks = true
		return system
	case line == "":
		return other
	case !f.stacks:
		if isReason(line) {
			return reason
		}
	case line[0] == '\t':
		return place
	case functionOf(line) != "":
		return call
	}
	return other
}

// reasons are how the lines begin that say why. A further panic is below the first one.
var reasons = []string{"panic: ", "\tpanic: ", "fatal error: ", "runtime: goroutine stack exceeds ", "SIG", "[signal "}

func isReason(line string) bool {
	for _, begin := range reasons {
		if strings.HasPrefix(line, begin) {
			return true
		}
	}
	return false
}

const (
	systemStack = "runtime stack:"
	createdBy   = "created by "
	inGoroutine = " in goroutine "
)

// functionOf is the name in a line about a call, without arguments; "" where there is none.
func functionOf(line string) string {
	name, created := strings.CutPrefix(line, createdBy)
	if created {
		name, _, _ = strings.Cut(name, inGoroutine)
	} else {
		// The arguments have no parentheses; the name may have, as in a.(*T).M.
		end := strings.LastIndexByte(name, '(')
		if end <= 0 || !strings.HasSuffix(name, ")") {
			return ""
		}
		name = name[:end]
	}
	if strings.ContainsAny(name, " \t") {
		return ""
	}
	return name
}

// waits reports whether a goroutine's heading, as in "goroutine 7 [chan receive]:", says that
// it couldn't go on by itself.
func waits(heading string) bool {
	_, state, _ := strings.Cut(heading, "[")
	for _, busy := range []string{"running", "runnable", "syscall"} {
		if strings.HasPrefix(state, busy) {
			return false
		}
	}
	return true
}

// thrown are the functions by which Go's runtime gives up, and what that means. It writes why
// before it writes a trace, and only to standard error.
var thrown = []struct{ function, below, reason string }{
	{"internal/runtime/maps.fatal", "", "fatal error: concurrent map reads and writes, or concurrent map writes"},
	{"runtime.throw", "runtime.newstack", "fatal error: stack overflow"},
	{"runtime.throw", "runtime.sigpanic", "fatal error: a signal, as of a wrong address"},
	{"runtime.fatal", "", "fatal error: of Go's runtime"},
	{"runtime.throw", "", "fatal error: of Go's runtime"},
	{"sync.fatal", "", "fatal error: wrong use of a lock"},
	{"internal/sync.fatal", "", "fatal error: wrong use of a lock"},
	{"sync.throw", "", "fatal error: wrong use of a lock"},
	{"internal/sync.throw", "", "fatal error: wrong use of a lock"},
}

// reasonOf is why a process ended that was in these functions, the innermost first; "" where
// they don't say it.
func reasonOf(functions []string) string {
	if len(functions) == 0 {
		return ""
	}
	for _, t := range thrown {
		if functions[0] == t.function && (t.below == "" || len(functions) > 1 && functions[1] == t.below) {
			return t.reason
		}
	}
	return ""
}
