package redact

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// JSON returns a JSON document without the secrets in its values. It stays valid and keeps
// its keys. What isn't JSON is treated as text.
func (s *Set) JSON(document []byte) []byte { return s.json(document, nil, nil) }

// Log returns a line of a log, a JSON object, without the secrets. Its level and time stay.
// In otai's own names, such as those of plugins, operations and places in the
// configuration, only long secrets are masked; also in the message, if the line comes from the host or from one
// of own, the plugins whose messages are constant texts.
func (s *Set) Log(line []byte, own ...string) []byte {
	return s.json(line, []string{"level", "time"}, []string{"plugin", "use", "logger", "path", "operation"}, own...)
}

func (s *Set) json(document []byte, keep, names []string, own ...string) []byte {
	k := s.index.Load()
	if k == nil {
		return document
	}
	w := jsonMasker{in: string(document), index: k, keep: keep, names: names, own: own, constant: names != nil}
	if !w.run() {
		return []byte(s.Text(w.in))
	}
	if w.out == nil {
		return document
	}
	return append(w.out, w.in[w.copied:]...)
}

// jsonMasker goes through a document once and copies it only if something changes.
type jsonMasker struct {
	in          string
	index       *index
	keep, names []string
	own         []string // plugins whose messages are constant texts
	constant    bool     // the message is one, as far as the line was read
	out         []byte
	copied      int // how much of in was copied to out
}

// run masks the document; false means that it isn't JSON.
func (w *jsonMasker) run() bool {
	var open []byte // the brackets that are open
	key, isKey := "", false
	for i := 0; i < len(w.in); {
		switch c := w.in[i]; {
		case c == '{' || c == '[':
			open = append(open, c)
			isKey = c == '{'
			i++
		case c == '}' || c == ']':
			if len(open) == 0 || open[len(open)-1] != c-2 {
				return false
			}
			open = open[:len(open)-1]
			isKey = false
			i++
		case c == ',':
			isKey = len(open) > 0 && open[len(open)-1] == '{'
			i++
		case c == ':':
			isKey = false
			i++
		case c == '"':
			end := textEnd(w.in, i)
			if end < 0 {
				return false
			}
			switch {
			case !isKey:
				if !w.text(i, end, open, key) {
					return false
				}
			case len(open) == 1:
				key = w.in[i+1 : end-1]
			}
			i = end
		case c == '-' || '0' <= c && c <= '9':
			end := i + 1
			for end < len(w.in) && strings.IndexByte("+-.eE0123456789", w.in[end]) >= 0 {
				end++
			}
			if found := w.spans(w.in[i:end], open, key); len(found) > 0 {
				w.replace(i, end, []byte(`"`+Mask+`"`))
			}
			i = end
		case strings.IndexByte(" \t\r\ntruefalsn", c) >= 0:
			i++
		default:
			return false
		}
	}
	return len(open) == 0
}

// spans returns where secrets are in the value of a key.
func (w *jsonMasker) spans(value string, open []byte, key string) []span {
	top := len(open) == 1 && open[0] == '{'
	if top && slices.Contains(w.keep, key) {
		return nil
	}
	if top && key == "plugin" {
		w.constant = w.constant && slices.Contains(w.own, value)
	}
	return w.index.spans(value, top && (slices.Contains(w.names, key) || w.constant && key == "message"))
}

// textEnd returns the end of the quoted text that begins at i, -1 if there is none.
func textEnd(in string, i int) int {
	for i++; i < len(in); i++ {
		switch in[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// text masks the quoted text from i to end; false means that it isn't JSON.
func (w *jsonMasker) text(i, end int, open []byte, key string) bool {
	value := w.in[i+1 : end-1]
	if strings.IndexByte(value, '\\') >= 0 && json.Unmarshal([]byte(w.in[i:end]), &value) != nil {
		return false
	}
	found := w.spans(value, open, key)
	if len(found) == 0 {
		return true
	}
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	if e.Encode(masked(value, found)) != nil {
		return false
	}
	w.replace(i, end, bytes.TrimSuffix(quoted.Bytes(), []byte("\n")))
	return true
}

// replace copies up to from, and puts with in place of what follows up to to.
func (w *jsonMasker) replace(from, to int, with []byte) {
	if w.out == nil {
		w.out = make([]byte, 0, len(w.in)+8)
	}
	w.out = append(append(w.out, w.in[w.copied:from]...), with...)
	w.copied = to
}
