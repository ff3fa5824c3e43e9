package search

import (
	"regexp"
	"strings"
)

// meets reports whether a text meets a condition as the servers read it (QueryCondition): + and && mean and, || means or, ! negates,
// parentheses group, and what is in double quotes is taken literally. In each word % and * match anything. No text meets
// a condition that can't be read.
func meets(text, condition string) bool {
	p := conditionParser{text: text}
	condition = quotedPiece.ReplaceAllStringFunc(condition, func(piece string) string {
		p.quoted = append(p.quoted, piece[1:len(piece)-1])
		return string(placeholder)
	})
	condition = conditionWord.ReplaceAllStringFunc(condition, func(word string) string {
		return strings.NewReplacer("AND", "&&", "OR", "||").Replace(word)
	})
	p.rest = strings.ReplaceAll(strings.Join(strings.Fields(condition), " "), "+", "&&")
	met := p.row()
	return met && !p.broken && p.rest == ""
}

var (
	quotedPiece   = regexp.MustCompile(`"(.+?)"`)
	conditionWord = regexp.MustCompile(`[\s()](AND|OR)[\s()]`)
)

// placeholder stands for a quoted piece; it is in the private use area, so that texts don't contain it.
const placeholder = '\ue0ff'

type conditionParser struct {
	text   string
	quoted []string // the pieces not yet used, in their order
	rest   string
	broken bool
}

// row reads terms with operators between them; && binds before ||.
func (p *conditionParser) row() bool {
	some, all := false, p.term()
	for !p.broken {
		p.rest = strings.TrimLeft(p.rest, " ")
		if rest, joined := strings.CutPrefix(p.rest, "&&"); joined {
			p.rest = rest
			all = p.term() && all
			continue
		}
		rest, separated := strings.CutPrefix(p.rest, "||")
		if !separated {
			break
		}
		p.rest = rest
		some = some || all
		all = p.term()
	}
	return some || all
}

func (p *conditionParser) term() bool {
	p.rest = strings.TrimLeft(p.rest, " ")
	if inner, group := strings.CutPrefix(p.rest, "("); group {
		p.rest = inner
		met := p.row()
		rest, closed := strings.CutPrefix(strings.TrimLeft(p.rest, " "), ")")
		p.rest, p.broken = rest, p.broken || !closed
		return met
	}
	word, not := strings.CutPrefix(p.rest, "!")
	end := wordEnd(word)
	word, p.rest = strings.TrimRight(word[:end], " "), word[end:]
	switch {
	case word == "":
		p.broken = true
		return false
	case word == string(placeholder):
		word, p.quoted = p.quoted[0], p.quoted[1:]
	case strings.ContainsRune(word, placeholder):
		return false // the servers then search for their own placeholder
	}
	return like(p.text, word) != not
}

// wordEnd returns where a word ends; a single & or | is part of it.
func wordEnd(s string) int {
	for i := range s {
		if s[i] == '(' || s[i] == ')' || strings.HasPrefix(s[i:], "&&") || strings.HasPrefix(s[i:], "||") {
			return i
		}
	}
	return len(s)
}
