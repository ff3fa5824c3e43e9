package hfjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Scanner walks through a JSON text without making Go values of all of it: a
// vocabulary of a quarter of a million entries is read in the time that
// encoding/json takes to look for its end. Small parts are cut out by Raw and left
// to encoding/json.
//
// What it returns are parts of the text, which they keep in memory.
type Scanner struct {
	text string
	at   int
	// Python makes Float return the values that Python reads.
	Python bool
}

// NewScanner returns a scanner at the beginning of text.
func NewScanner(text string) *Scanner { return &Scanner{text: text} }

// ErrSyntax is within the errors about text that is not JSON.
var ErrSyntax = errors.New("not JSON")

func (s *Scanner) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrSyntax, what, s.at)
}

// Next skips white space and returns the byte there, or 0 at the end.
func (s *Scanner) Next() byte {
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

func (s *Scanner) Take(c byte) error {
	if s.Next() != c {
		return s.fail(fmt.Sprintf("no %q", c))
	}
	s.at++
	return nil
}

// End demands that nothing follows.
func (s *Scanner) End() error {
	if s.Next() != 0 || s.at < len(s.text) {
		return s.fail("more text")
	}
	return nil
}

// Left is how many bytes of the text have not been read.
func (s *Scanner) Left() int { return len(s.text) - s.at }

// Object calls member for each key, with the Scanner before its value, which
// member has to read.
func (s *Scanner) Object(member func(key string) error) error {
	return s.list('{', '}', func() error {
		key, err := s.Text()
		if err != nil {
			return err
		}
		if err := s.Take(':'); err != nil {
			return err
		}
		return member(key)
	})
}

// Array calls element for each element, which element has to read.
func (s *Scanner) Array(element func() error) error { return s.list('[', ']', element) }

func (s *Scanner) list(open, closed byte, one func() error) error {
	if err := s.Take(open); err != nil {
		return err
	}
	if s.Next() == closed {
		s.at++
		return nil
	}
	for {
		if err := one(); err != nil {
			return err
		}
		switch s.Next() {
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

// Elements counts those of the list or object that begins here, without reading them:
// what is wrong with it is found when it is read.
func (s *Scanner) Elements() int {
	ahead := Scanner{text: s.text, at: s.at}
	if c := ahead.Next(); c != '[' && c != '{' {
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

// Count counts the elements of a list or an object, before Go values are made of it.
func Count(text json.RawMessage) int {
	return (&Scanner{text: string(text)}).Elements()
}

// Text reads one string.
func (s *Scanner) Text() (string, error) {
	if s.Next() != '"' {
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

func (s *Scanner) unquote(begin, end int) (string, error) {
	var text string
	if err := json.Unmarshal([]byte(s.text[begin:end]), &text); err != nil {
		return "", s.fail(err.Error())
	}
	return text, nil
}

func (s *Scanner) skipString() error {
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

// Number reads one number as it is written.
func (s *Scanner) Number() (string, error) {
	s.Next()
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

// ID reads a token's id.
func (s *Scanner) ID() (int32, error) {
	text, err := s.Number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40s can't be the id of a token", text)
	}
	return int32(min(max(n, -1), 1<<30)), ValidID(n)
}

// MaxDepth bounds how deep lists and objects may be nested.
const MaxDepth = 200

// Raw reads any value and returns its text, which encoding/json has yet to check.
func (s *Scanner) Raw() (json.RawMessage, error) {
	s.Next()
	begin, depth := s.at, 0
	for {
		switch c := s.Next(); c {
		case 0:
			return nil, s.fail("the end")
		case '"':
			if err := s.skipString(); err != nil {
				return nil, err
			}
		case '{', '[':
			if depth++; depth > MaxDepth {
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

// maxPart bounds what of the file is left to encoding/json: all but the vocabulary,
// which is far smaller and takes many times its size as Go values.
const maxPart = 16 << 20 // bytes

// Part cuts out a part of the file.
func (s *Scanner) Part() (json.RawMessage, error) {
	text, err := s.Raw()
	if err == nil && len(text) > maxPart {
		err = fmt.Errorf("a part of it has %d bytes, more than the %d that it could need", len(text), maxPart)
	}
	return text, err
}

// perToken is about how many bytes of JSON an entry of a vocabulary takes.
const perToken = 24

// IDs reads {"token": id}, of which there are most at most.
func (s *Scanner) IDs(most int, tooMany error) (map[string]int32, error) {
	if s.Elements() > most {
		return nil, tooMany
	}
	ids := make(map[string]int32, min(most, s.Left()/perToken))
	return ids, s.Object(func(token string) error {
		id, err := s.ID()
		if err != nil && !errors.Is(err, ErrSyntax) {
			err = fmt.Errorf("%.100q: %w", token, err)
		}
		if ids[strings.Clone(token)] = id; err == nil && len(ids) > most {
			err = tooMany
		}
		return err
	})
}

// ValidID bounds ids, so that one more than the largest is still an int32.
func ValidID(id int64) error {
	if id < 0 || id >= 1<<30 {
		return fmt.Errorf("%d can't be the id of a token", id)
	}
	return nil
}
