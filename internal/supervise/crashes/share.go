package crashes

import (
	"io"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"
)

// Share returns what another may see of a trace: its beginning, up to limit bytes, and whether
// that isn't all.
//
// What a trace may show is taken from its forms, not searched for what it must not: a heading with
// the goroutine's state, functions without their arguments, places in the source, and
// the runtime's own reasons. The text of a panic may be a customer's and is left out, as are
// a goroutine's labels, registers and addresses, in which there can be text, too.
func Share(trace io.Reader, limit int) (text string, more bool) {
	var out strings.Builder
	var f formed
	called := false // the line before is a call, under which its place is
	for line := range lines(trace) {
		kind := f.form(line)
		shown := ""
		switch kind {
		case reason:
			shown = sharedReason(line)
		case system:
			shown = "\n" + line
		case heading:
			shown = sharedHeading(line)
		case call:
			shown = sharedCall(line)
		case place:
			if called {
				shown = sharedPlace(line)
			}
		case other:
			shown = elided.FindString(line)
		}
		called = kind == call && shown != ""
		if shown == "" {
			continue
		}
		if out.Len()+len(shown) >= limit {
			return out.String(), true
		}
		out.WriteString(shown + "\n")
	}
	return out.String(), false
}

// ShareReason is what another may see of the reason of a death.
func ShareReason(cause string) string {
	if !isReason(cause) {
		return ""
	}
	return strings.TrimSpace(sharedReason(cause))
}

// ShareFunction is a function's name, or "" where it isn't one.
func ShareFunction(name string) string { return functionName.FindString(name) }

const leftOut = "(its text is left out)"

// What stands in the patterns for a number, and for a type. A type in which there is a space is one
// of a few.
const (
	number = `-?\d{1,20}`
	aType  = `(?:[^\s]{0,80}interface \{(?: [\w (),.*;\[\]{}]{1,200} )?\}|[^\s]{1,80})`
)

// knownPanics are the texts of panics that come from Go itself, whole, since a plugin's may
// begin in the same way.
var knownPanics = lazyregexp.New(`^(?:` + strings.Join([]string{
	`runtime error: index out of range \[` + number + `\](?: with length ` + number + `)?`,
	`runtime error: slice bounds out of range \[(?:` + number + `)?:(?:` + number + `)?:?(?:` + number + `)?\](?: with (?:length|capacity) ` + number + `)?`,
	`runtime error: invalid memory address or nil pointer dereference`,
	`runtime error: integer divide by zero`,
	`runtime error: integer overflow`,
	`runtime error: negative shift amount`,
	`runtime error: makeslice: (?:len|cap) out of range`,
	`runtime error: makechan: size out of range`,
	`runtime error: growslice: len out of range`,
	`runtime error: unsafe\.(?:Slice|String): len out of range`,
	`runtime error: cannot convert slice with length ` + number + ` to array or pointer to array with length ` + number,
	`runtime error: (?:hash of unhashable|comparing uncomparable) type ` + aType,
	`interface conversion: ` + aType + ` is (?:nil|` + aType + `), not ` + aType,
	`interface conversion: interface is nil, not ` + aType,
	`interface conversion: ` + aType + ` is not ` + aType + `: missing method \w{1,80}`,
	`assignment to entry in nil map`,
	`send on closed channel`, `close of closed channel`, `close of nil channel`,
	`sync: negative WaitGroup counter`, `sync: WaitGroup is reused before previous Wait has returned`,
	`strings: negative Repeat count`, `bytes: negative Repeat count`, `bytes\.Buffer: too large`,
	`non-positive interval for NewTicker`, `context canceled`, `context deadline exceeded`,
	`reflect: call of \S{1,80} on (?:zero Value|\S{1,80} Value)`,
}, `|`) + `)(?: \[recovered(?:, repanicked)?\])?$`)

// typedPanic is a value that isn't a text, of which only the type is shown.
var typedPanic = lazyregexp.New(`^(?:\(([\w.*\[\]]{1,80})\) |([\w.]{1,80})\()`)

// otherReasons are those that Go's runtime alone writes, in words of its own.
var otherReasons = lazyregexp.New(`^(?:fatal error: [\w .,:;()'!*/-]{1,160}|runtime: goroutine stack exceeds \d{1,20}-byte limit|SIG[A-Z0-9]{2,10}: [a-z /-]{1,60}|signal arrived during (?:cgo|external code) execution)$`)

var signalReason = lazyregexp.New(`^(?:(fatal error: [\w .,:;-]{1,160}) )?\[signal (SIG[A-Z0-9]{2,10}(?:: [a-z /-]{1,60}?)?)( code=0x[0-9a-f]{1,16})?(?: addr=0x([0-9a-f]{1,16}))?(?: pc=0x[0-9a-f]{1,16})?\]$`)

// nearNil is below what an address is that a plugin reads through a nil pointer. Another one may be
// made of the bytes of a text.
const nearNil = 1 << 16

func sharedReason(line string) string {
	indent := ""
	if line[0] == '\t' {
		indent, line = "\t", line[1:]
	}
	if text, ok := strings.CutPrefix(line, "panic: "); ok {
		if knownPanics.MatchString(text) {
			return indent + line
		}
		of := ""
		if typed := typedPanic.FindStringSubmatch(text); typed != nil && strings.Contains(typed[1]+typed[2], ".") {
			of = "a value of the type " + typed[1] + typed[2] + " "
		}
		return indent + "panic: " + of + leftOut
	}
	if s := signalReason.FindStringSubmatch(line); s != nil {
		shown := "[signal " + s[2] + s[3]
		if address, err := strconv.ParseUint(s[4], 16, 64); err == nil && address < nearNil {
			shown += " addr=0x" + s[4]
		}
		return strings.TrimSpace(s[1] + " " + shown + "]")
	}
	if otherReasons.MatchString(line) {
		return indent + line
	}
	return ""
}

// headings are those of goroutines; behind the state there may be labels.
var headings = lazyregexp.New(`^(goroutine \d{1,19}) (?:gp=0x[0-9a-f]+ m=(?:\d+|nil) (?:mp=0x[0-9a-f]+ )?)?(\[[A-Za-z0-9 (),./:-]{1,120}\])`)

func sharedHeading(line string) string {
	parts := headings.FindStringSubmatch(line)
	if parts == nil {
		return "\ngoroutine"
	}
	return "\n" + parts[1] + " " + parts[2] + ":"
}

// functionName is the whole name of a function: its package's path, its type, its own.
var functionName = lazyregexp.New(`^[\p{L}_][\p{L}\p{N}_./%~+@*·\[\]()-]{0,400}$`)

// creator is behind the name of a function that began a goroutine.
var creator = lazyregexp.New(inGoroutine + `\d{1,19}$`)

func sharedCall(line string) string {
	name := ShareFunction(functionOf(line))
	switch {
	case name == "":
		return ""
	case strings.HasPrefix(line, createdBy):
		return createdBy + name + creator.FindString(line)
	}
	return name + "(...)"
}

// places are a file and a line of it; addresses may follow.
var places = lazyregexp.New(`^\t([^\t]{1,300}\.(?:go|s|c|h|cc|cpp|cxx)|<autogenerated>|\?\?):(\d{1,9})(?: (\+0x[0-9a-f]{1,16}))?(?: fp=.*)?$`)

func sharedPlace(line string) string {
	parts := places.FindStringSubmatch(line)
	if parts == nil {
		return ""
	}
	return strings.TrimRight("\t"+parts[1]+":"+parts[2]+" "+parts[3], " ")
}

var elided = lazyregexp.New(`^(?:\.\.\.(?:\d{1,9}|additional) frames elided\.\.\.|signal arrived during (?:cgo|external code) execution)$`)
