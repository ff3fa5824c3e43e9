package filters

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func wordWrapFilter(r *runtime.State, v any, a value.Args) (any, error) {
	s, err := needText("wordwrap", v)
	if err != nil {
		return nil, err
	}
	width, err := a.Integer(0, 79)
	if err != nil {
		return nil, err
	}
	between := "\n"
	if a.At(2, nil) != nil {
		if between, err = a.Text(2, "\n"); err != nil {
			return nil, err
		}
	}
	w := wrapper{width: width, breakLong: value.Truth(a.At(1, true)), hyphens: value.Truth(a.At(3, true))}
	if err := r.Step(len(s)); err != nil {
		return nil, err
	}
	var lines []string
	for i, paragraph := range value.SplitLines(s, false) {
		if width <= 0 {
			return nil, errors.New("the width of wordwrap is not positive")
		}
		if i > 0 && i%256 == 0 {
			if err := r.CheckTime(); err != nil {
				return nil, err
			}
		}
		wrapped := w.wrap(paragraph)
		if len(wrapped) == 0 {
			wrapped = []string{""}
		}
		lines = append(lines, wrapped...)
	}
	if err := r.GrowTimes(len(lines), len(between)); err != nil {
		return nil, err
	}
	return strings.Join(lines, between), r.Grow(len(s))
}

// wrapper breaks a paragraph into lines as Python's textwrap does.
type wrapper struct {
	width     int
	breakLong bool
	hyphens   bool
}

func (w wrapper) wrap(s string) []string {
	var lines []string
	pieces := w.pieces([]rune(s))
	for len(pieces) > 0 {
		if len(lines) > 0 && isBlank(pieces[0]) {
			pieces = pieces[1:]
		}
		var line [][]rune
		used := 0
		for len(pieces) > 0 && used+len(pieces[0]) <= w.width {
			line = append(line, pieces[0])
			used += len(pieces[0])
			pieces = pieces[1:]
		}
		if len(pieces) > 0 && len(pieces[0]) > w.width {
			if w.breakLong {
				end := w.breakAt(pieces[0], w.width-used)
				line = append(line, pieces[0][:end])
				pieces[0] = pieces[0][end:]
			} else if len(line) == 0 {
				line = append(line, pieces[0])
				pieces = pieces[1:]
			}
		}
		if len(line) > 0 && isBlank(line[len(line)-1]) {
			line = line[:len(line)-1]
		}
		if len(line) > 0 {
			lines = append(lines, string(slices.Concat(line...)))
		}
	}
	return lines
}

// breakAt is where a word that is too long for a line is broken: after the last hyphen
// that fits, otherwise at the end of the line.
func (w wrapper) breakAt(word []rune, room int) int {
	if !w.hyphens || len(word) <= room {
		return min(room, len(word))
	}
	for i := room - 1; i > 0; i-- {
		if word[i] == '-' {
			if slices.ContainsFunc(word[:i], func(c rune) bool { return c != '-' }) {
				return i + 1
			}
			break
		}
	}
	return room
}

func isBlank(s []rune) bool {
	return !slices.ContainsFunc(s, func(c rune) bool { return !value.IsSpace(c) })
}

// breaksWords reports whether textwrap separates words at c: at white space of ASCII only.
func breaksWords(c rune) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isWordChar(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsNumber(c) }

// pieces splits s into what can't be separated: white space, words, the parts of words
// with hyphens, and dashes between words.
func (w wrapper) pieces(s []rune) [][]rune {
	var pieces [][]rune
	for i := 0; i < len(s); {
		end := i + 1
		switch {
		case breaksWords(s[i]):
			for end < len(s) && breaksWords(s[end]) {
				end++
			}
		case !w.hyphens:
			for end < len(s) && !breaksWords(s[end]) {
				end++
			}
		case i > 0 && joinsDash(s[i-1]) && dashBefore(s, i) > 0:
			end = dashBefore(s, i)
		default:
			end = wordEnd(s, i)
		}
		pieces = append(pieces, s[i:end])
		i = end
	}
	return pieces
}

// joinsDash reports whether a dash may follow c.
func joinsDash(c rune) bool { return isWordChar(c) || strings.ContainsRune(`!"'&.,?`, c) }

// dashBefore is the end of the two or more hyphens at i that a word follows, or 0.
func dashBefore(s []rune, i int) int {
	end := i
	for end < len(s) && s[end] == '-' {
		end++
	}
	if end-i < 2 || end == len(s) || !isWordChar(s[end]) {
		return 0
	}
	return end
}

// wordEnd is where the word at i ends: at white space, after a hyphen between letters,
// or before a dash.
func wordEnd(s []rune, i int) int {
	letter := func(j int) bool { return j >= 0 && j < len(s) && isWordChar(s[j]) && !unicode.IsDigit(s[j]) }
	for end := i + 1; ; end++ {
		if end >= len(s) || breaksWords(s[end]) {
			return end
		}
		if s[end] != '-' {
			continue
		}
		before := letter(end-1) && letter(end-2) || end >= 3 && joinsDash(s[end-1]) && s[end-2] == '-' && letter(end-3)
		behind := letter(end+1) && (letter(end+2) || end+2 < len(s) && s[end+2] == '-' && letter(end+3))
		if before && behind {
			return end + 1
		}
		if joinsDash(s[end-1]) && dashBefore(s, end) > 0 {
			return end
		}
	}
}
