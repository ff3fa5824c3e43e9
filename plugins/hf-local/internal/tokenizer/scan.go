package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// scanner walks through a JSON text without making Go values of all of it: a
// vocabulary of a quarter of a million entries is read in the time that
// encoding/json takes to look for its end. Small parts are cut out by raw and left
// to encoding/json.
//
// What it returns are parts of the text, which they keep in memory.
type scanner struct {
	text string
	at   int
	// python says that numbers have the values that Python reads.
	python bool
}

var errJSON = errors.New("not JSON")

func (s *scanner) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", errJSON, what, s.at)
}

// next skips white space and returns the byte there, or 0 at the end.
func (s *scanner) next() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) take(c byte) error {
	if s.next() != c {
		return s.fail(fmt.Sprintf("no %q", c))
	}
	s.at++
	return nil
}

// end demands that nothing follows.
func (s *scanner) end() error {
	if s.next() != 0 || s.at < len(s.text) {
		return s.fail("more text")
	}
	return nil
}

// object calls member for each key, with the scanner before its value, which
// member has to read.
func (s *scanner) object(member func(key string) error) error {
	return s.list('{', '}', func() error {
		key, err := s.text1()
		if err != nil {
			return err
		}
		if err := s.take(':'); err != nil {
			return err
		}
		return member(key)
	})
}

// array calls element for each element, which element has to read.
func (s *scanner) array(element func() error) error { return s.list('[', ']', element) }

func (s *scanner) list(open, closed byte, one func() error) error {
	if err := s.take(open); err != nil {
		return err
	}
	if s.next() == closed {
		s.at++
		return nil
	}
	for {
		if err := one(); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.at++
		case closed:
			s.at++
			return nil
		default:
			return s.fail(fmt.Sprintf("neither %q nor %q", ',', closed))
		}
	}
}

// elements counts those of the list or object that begins here, without reading them:
// what is wrong with it is found when it is read.
func (s *scanner) elements() int {
	ahead := scanner{text: s.text, at: s.at}
	if c := ahead.next(); c != '[' && c != '{' {
		return 0
	}
	depth, n := 0, 0
	for ahead.at < len(ahead.text) {
		switch ahead.text[ahead.at] {
		case '"':
			if ahead.skipString() != nil {
				return n
			}
			continue
		case '[', '{':
			depth++
			if depth == 1 {
				n = 1
			}
		case ']', '}':
			if depth--; depth == 0 {
				return n
			}
		case ',':
			if depth == 1 {
				n++
			}
		}
		ahead.at++
	}
	return n
}

// countOf counts the elements of a list or an object, before Go values are made of it.
func countOf(text json.RawMessage) int {
	return (&scanner{text: string(text)}).elements()
}

// text1 reads one string.
func (s *scanner) text1() (string, error) {
	if s.next() != '"' {
		return "", s.fail("no string")
	}
	begin := s.at + 1
	for i := begin; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			if part := s.text[begin:i]; utf8.ValidString(part) {
				return part, nil
			}
			return s.unquote(begin-1, s.at)
		case c == '\\':
			if err := s.skipString(); err != nil {
				return "", err
			}
			return s.unquote(begin-1, s.at)
		case c < ' ':
			s.at = i
			return "", s.fail("a control character in a string")
		}
	}
	return "", s.fail("a string without end")
}

func (s *scanner) unquote(begin, end int) (string, error) {
	var text string
	if err := json.Unmarshal([]byte(s.text[begin:end]), &text); err != nil {
		return "", s.fail(err.Error())
	}
	return text, nil
}

func (s *scanner) skipString() error {
	for i := s.at + 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '"':
			s.at = i + 1
			return nil
		case '\\':
			i++
		}
	}
	return s.fail("a string without end")
}

// number reads one number as it is written.
func (s *scanner) number() (string, error) {
	s.next()
	begin := s.at
	for s.at < len(s.text) {
		c := s.text[s.at]
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			break
		}
		s.at++
	}
	if begin == s.at {
		return "", s.fail("no number")
	}
	return s.text[begin:s.at], nil
}

// id reads a token's id.
func (s *scanner) id() (int32, error) {
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40s can't be the id of a token", text)
	}
	return int32(min(max(n, -1), 1<<30)), validID(n)
}

// maxDepth bounds how deep lists and objects may be nested.
const maxDepth = 200

// raw reads any value and returns its text, which encoding/json has yet to check.
func (s *scanner) raw() (json.RawMessage, error) {
	s.next()
	begin, depth := s.at, 0
	for {
		switch c := s.next(); c {
		case 0:
			return nil, s.fail("the end")
		case '"':
			if err := s.skipString(); err != nil {
				return nil, err
			}
		case '{', '[':
			if depth++; depth > maxDepth {
				return nil, s.fail("lists nested too deep")
			}
			s.at++
			continue
		case '}', ']', ',', ':':
			if depth == 0 {
				return nil, s.fail("no value")
			}
			if c == '}' || c == ']' {
				depth--
			}
			s.at++
			if c == ',' || c == ':' {
				continue
			}
		default:
			for s.at < len(s.text) && !isJSONMark(s.text[s.at]) {
				s.at++
			}
		}
		if depth == 0 {
			return json.RawMessage(s.text[begin:s.at]), nil
		}
	}
}

func isJSONMark(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '{', '}', '[', ']', ',', ':', '"':
		return true
	}
	return false
}
