package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// rule forbids what its pattern matches, but in files whose path except matches.
type rule struct {
	kinds           []kind
	pattern, except *regexp.Regexp
	instead         string
}

type rules struct {
	skip  *regexp.Regexp   // paths that are not read
	allow []*regexp.Regexp // what is taken out of a text before it is judged
	list  []rule
}

// readRules reads lines of fields that are parted by tabs:
//
//	skip    PATH
//	allow   PATTERN
//	prose   PATTERN  INSTEAD  [EXCEPT PATH]     comments, texts, documents
//	name    PATTERN  INSTEAD  [EXCEPT PATH]     the words of declared names
//	word    PATTERN  INSTEAD  [EXCEPT PATH]     both
//	type    PATTERN  INSTEAD  [EXCEPT PATH]     whole names of types and functions
func readRules(name string) (*rules, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := &rules{}
	var skips []string
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.FieldsFunc(line, func(c rune) bool { return c == '\t' })
		if len(fields) < 2 {
			return nil, fmt.Errorf("%s:%d: a rule has two fields at least, parted by tabs", name, number)
		}
		pattern, err := regexp.Compile(`(?i)` + fields[1])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
		made := rule{pattern: pattern}
		switch fields[0] {
		case "skip":
			skips = append(skips, fields[1])
			continue
		case "allow":
			r.allow = append(r.allow, pattern)
			continue
		case "prose":
			made.kinds = []kind{prose}
		case "name":
			made.kinds = []kind{variable, declared}
		case "word":
			made.kinds = []kind{prose, variable, declared}
		case "type":
			made.kinds = []kind{declared}
			made.pattern = regexp.MustCompile(`(?i)^(` + fields[1] + `)$`)
		default:
			return nil, fmt.Errorf("%s:%d: unknown rule %q", name, number, fields[0])
		}
		if len(fields) < 3 {
			return nil, fmt.Errorf("%s:%d: say what to write instead", name, number)
		}
		made.instead = fields[2]
		if len(fields) > 3 {
			if made.except, err = regexp.Compile(fields[3]); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, number, err)
			}
		}
		r.list = append(r.list, made)
	}
	r.skip, err = regexp.Compile(strings.Join(skips, "|"))
	if err == nil {
		err = lines.Err()
	}
	return r, err
}

func (r *rules) skips(path string) bool { return r.skip.String() != "" && r.skip.MatchString(path) }

// judged is a text without what is allowed.
func (r *rules) judged(text string) string {
	for _, allowed := range r.allow {
		text = allowed.ReplaceAllString(text, "…")
	}
	return text
}

func (r *rules) judge(path string, p piece) (complaints []string) {
	text := p.text
	if p.kind == prose {
		text = r.judged(text)
	}
	for _, rule := range r.list {
		if rule.except != nil && rule.except.MatchString(path) {
			continue
		}
		for _, k := range rule.kinds {
			if k != p.kind {
				continue
			}
			if found := rule.pattern.FindString(text); found != "" {
				complaints = append(complaints, fmt.Sprintf("%q in %q: %s", strings.Join(strings.Fields(found), " "), excerpt(text, found), rule.instead))
			}
		}
	}
	return complaints
}

func excerpt(text, found string) string {
	at := strings.Index(text, found)
	begin, end := max(at-30, 0), min(at+len(found)+30, len(text))
	return strings.ToValidUTF8(strings.Join(strings.Fields(text[begin:end]), " "), "")
}
