package texts

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxMailFields is how much go-message reads of a header, in bytes.
const maxMailFields = 1 << 20

var errMailHeader = errors.New("the mail's header is larger than 1 MiB: this is not a mail, or it is damaged; with --format text the file is one text as it is")

// mailFields are fields of which a mail has at least one.
var mailFields = []string{"from", "received", "return-path", "message-id", "delivered-to"}

// looksLikeMail reports whether a text begins with a block of header fields, some of which
// are those of a mail.
func looksLikeMail(head []byte) bool {
	fields, known := 0, false
	if onlyReturns(head) {
		head = bytes.ReplaceAll(head, []byte("\r"), []byte("\n"))
	}
	for line := range bytes.Lines(withoutMark(head)) {
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case text == "":
			return known && fields > 1
		case fields == 0 && strings.HasPrefix(text, "From "): // of an mbox file
			continue
		case fields > 0 && isBlank(text[0]):
			continue
		}
		name, _, found := strings.Cut(text, ":")
		if !found || name == "" || strings.ContainsFunc(name, notInFieldName) {
			return false
		}
		fields++
		known = known || slices.Contains(mailFields, strings.ToLower(name))
	}
	return known && fields > 1
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func notInFieldName(r rune) bool { return r <= ' ' || r > '~' }

func withoutMark(head []byte) []byte { return bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")) }

// headerError says what is wrong with a header that go-message couldn't read, after it had
// read that many bytes of the mail, which begins with head.
func headerError(err error, read int64, head []byte) error {
	if read >= maxMailFields { // the line that is cut off there is not what is wrong
		return errMailHeader
	}
	if line := badField(head); line != "" {
		return fmt.Errorf("it is not a mail: its header has a line that is not a field, %.100q; with --format text the file is one text as it is", line)
	}
	return fmt.Errorf("it is not a mail: %w; with --format text the file is one text as it is", err)
}

// badField returns the first line of a header that isn't a field, "" if there is none.
func badField(head []byte) string {
	if onlyReturns(head) {
		head = bytes.ReplaceAll(head, []byte("\r"), []byte("\n"))
	}
	first := true
	for line := range bytes.Lines(head) {
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case text == "":
			return ""
		case isBlank(text[0]) && first:
			return text
		case isBlank(text[0]):
			continue
		}
		name, _, found := strings.Cut(text, ":")
		if name = strings.TrimRight(name, " \t"); !found || strings.ContainsFunc(name, notInFieldName) {
			return text
		}
		first = false
	}
	return ""
}
