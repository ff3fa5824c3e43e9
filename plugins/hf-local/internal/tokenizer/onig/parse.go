package onig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is a part of a pattern.
type node struct {
	kind     kind
	set      set     // one character of it
	made     *class  // of set
	parts    []*node // of a sequence, of alternatives, or the one that is repeated or looked for
	min, max int     // of a repetition; max -1: without bound
	lazy     bool
	behind   bool // of a look-around
	not      bool
	at       place
}

type kind uint8

const (
	oneOf kind = iota
	sequence
	alternatives
	repetition
	atomic // what matched isn't given back
	look
	assertion
)

// place is a condition on where the text stands.
type place uint8

const (
	textBegin place = iota
	textEnd
	textEndOrLine // before a last line end, too
	lineBegin
	lineEnd
	wordEdge
	noWordEdge
)

// maxNesting bounds how deep groups may be nested.
const maxNesting = 100

type parser struct {
	text  string
	at    int
	depth int
	fold  bool // (?i)
	dots  bool // (?m): . is any character, as Ruby has it
	free  bool // (?x)
}

func parse(pattern string) (*node, error) {
	if !utf8.ValidString(pattern) {
		return nil, errors.New("it isn't UTF-8")
	}
	p := &parser{text: pattern}
	n, err := p.alternatives()
	if err == nil && p.at < len(p.text) {
		err = errors.New("a ) without (")
	}
	return n, err
}

func (p *parser) more() bool { return p.at < len(p.text) }

func (p *parser) skip(s string) bool {
	if strings.HasPrefix(p.text[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *parser) rune() rune {
	r, n := utf8.DecodeRuneInString(p.text[p.at:])
	p.at += n
	return r
}

func (p *parser) alternatives() (*node, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, errors.New("groups nested too deep")
	}
	defer func() { p.depth-- }()
	all := &node{kind: alternatives}
	for {
		n, err := p.sequence()
		if err != nil {
			return nil, err
		}
		all.parts = append(all.parts, n)
		if !p.skip("|") {
			break
		}
	}
	if len(all.parts) == 1 {
		return all.parts[0], nil
	}
	return all, nil
}

func (p *parser) sequence() (*node, error) {
	all := &node{kind: sequence}
	for p.more() && p.text[p.at] != '|' && p.text[p.at] != ')' {
		if p.free && p.comment() {
			continue
		}
		n, err := p.atom()
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue
		}
		if n, err = p.repeated(n); err != nil {
			return nil, err
		}
		all.parts = append(all.parts, n)
	}
	return all, nil
}

// comment skips white space or a comment of the extended form.
func (p *parser) comment() bool {
	switch p.text[p.at] {
	case ' ', '\t', '\n', '\r', '\f', '\v':
		p.at++
		return true
	case '#':
		for p.more() && p.text[p.at] != '\n' {
			p.at++
		}
		return true
	}
	return false
}

func (p *parser) one(s set) *node {
	if p.fold {
		s = fold(s)
	}
	return &node{kind: oneOf, set: s}
}

func where(at place) *node { return &node{kind: assertion, at: at} }

func (p *parser) atom() (*node, error) {
	switch r := p.rune(); r {
	case '(':
		return p.group()
	case '[':
		s, err := p.class()
		if err != nil {
			return nil, err
		}
		return p.one(s), nil
	case '.':
		if p.dots {
			return &node{kind: oneOf, set: set{0, last}}, nil
		}
		return &node{kind: oneOf, set: complement(set{'\n', '\n'})}, nil
	case '^':
		return where(lineBegin), nil
	case '$':
		return where(lineEnd), nil
	case '*', '+', '?':
		return nil, fmt.Errorf("%q repeats nothing", r)
	case '\\':
		return p.escape()
	default:
		if p.fold && unfoldable(r) {
			return nil, fmt.Errorf("(?i) with %q isn't supported", r)
		}
		return p.one(set{r, r}), nil
	}
}

// unfoldable says whether the other case of r may be several characters, as SS is
// of ß.
func unfoldable(r rune) bool {
	switch {
	case r == 0xDF, r == 0x149, r == 0x1F0, r == 0x390, r == 0x3B0, r == 0x587, r == 'İ',
		0x1E96 <= r && r <= 0x1E9E, 0x1F50 <= r && r <= 0x1FFC, 0xFB00 <= r && r <= 0xFB17:
		return true
	}
	return false
}

func (p *parser) escape() (*node, error) {
	if !p.more() {
		return nil, errors.New(`a \ at the end`)
	}
	switch p.text[p.at] {
	case 'A':
		p.at++
		return where(textBegin), nil
	case 'z':
		p.at++
		return where(textEnd), nil
	case 'Z':
		p.at++
		return where(textEndOrLine), nil
	case 'b':
		p.at++
		return where(wordEdge), nil
	case 'B':
		p.at++
		return where(noWordEdge), nil
	}
	switch {
	case p.skip("w"), p.skip("p{Word}"):
		return p.one(freeWord()), nil
	case p.skip("W"), p.skip("P{Word}"):
		return p.one(complement(freeWord())), nil
	}
	s, err := p.escaped()
	if err != nil {
		return nil, err
	}
	return p.one(s), nil
}

// escaped reads what follows a backslash, as it is meant within a class.
func (p *parser) escaped() (set, error) {
	r := p.rune()
	switch r {
	case 'd':
		return category("Nd"), nil
	case 'D':
		return complement(category("Nd")), nil
	case 'w':
		return fromTable(word), nil
	case 'W':
		return complement(fromTable(word)), nil
	case 's':
		return fromTable(space), nil
	case 'S':
		return complement(fromTable(space)), nil
	case 'h':
		return set{'0', '9', 'A', 'F', 'a', 'f'}, nil
	case 'H':
		return complement(set{'0', '9', 'A', 'F', 'a', 'f'}), nil
	case 'p', 'P':
		return p.property(r == 'P')
	case 't':
		r = '\t'
	case 'n':
		r = '\n'
	case 'r':
		r = '\r'
	case 'f':
		r = '\f'
	case 'v':
		r = '\v'
	case 'a':
		r = '\a'
	case 'e':
		r = 0x1B
	case 'x':
		if p.skip("{") {
			end := strings.IndexByte(p.text[p.at:], '}')
			if end < 0 {
				return nil, errors.New(`\x{ without }`)
			}
			return p.number(end, 1)
		}
		n := 0
		for n < 2 && p.at+n < len(p.text) && isHex(p.text[p.at+n]) {
			n++
		}
		return p.number(n, 0)
	case 'u':
		return p.number(4, 0)
	default:
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return nil, fmt.Errorf(`\%c isn't supported`, r)
		}
	}
	return set{r, r}, nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// number reads n hexadecimal digits, and skips some characters after them.
func (p *parser) number(n, after int) (set, error) {
	if p.at+n > len(p.text) {
		return nil, errors.New("a character number is cut off")
	}
	v, err := strconv.ParseUint(p.text[p.at:p.at+n], 16, 32)
	if err != nil || v > last {
		return nil, fmt.Errorf("%q is no character number", p.text[p.at:p.at+n])
	}
	p.at += n + after
	return set{rune(v), rune(v)}, nil
}

func (p *parser) property(not bool) (set, error) {
	if !p.skip("{") {
		return nil, errors.New(`\p without {`)
	}
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 0 {
		return nil, errors.New(`\p{ without }`)
	}
	name := p.text[p.at : p.at+end]
	p.at += end + 1
	if strings.HasPrefix(name, "^") {
		name, not = name[1:], !not
	}
	s, ok := property(name)
	if !ok {
		return nil, fmt.Errorf(`\p{%s} isn't supported`, name)
	}
	if not {
		s = complement(s)
	}
	return s, nil
}

// class reads the rest of a [ ] class: ranges, classes within, and && for what
// both sides have.
func (p *parser) class() (set, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, errors.New("classes nested too deep")
	}
	defer func() { p.depth-- }()
	not := p.skip("^")
	var whole, part set
	joined := false
	for first := true; ; first = false {
		if !p.more() {
			return nil, errors.New("a [ without ]")
		}
		if p.text[p.at] == ']' && !first {
			p.at++
			break
		}
		if p.skip("&&") {
			if joined {
				whole = intersection(whole, part)
			} else {
				whole, joined = part, true
			}
			part = nil
			continue
		}
		s, single, err := p.member()
		if err != nil {
			return nil, err
		}
		if rest := p.text[p.at:]; single && len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
			p.at++
			to, ok, err := p.member()
			if err != nil {
				return nil, err
			}
			if !ok || to[0] < s[0] {
				return nil, errors.New("a range of a class ends before it begins")
			}
			s = set{s[0], to[1]}
		}
		part = union(part, s)
	}
	if joined {
		part = intersection(whole, part)
	}
	if p.fold {
		part = fold(part)
	}
	if not {
		part = complement(part)
	}
	return part, nil
}

// member reads one member of a class; single says that it is one character.
func (p *parser) member() (s set, single bool, err error) {
	switch {
	case p.skip("[:"):
		end := strings.Index(p.text[p.at:], ":]")
		if end < 0 {
			return nil, false, errors.New("[: without :]")
		}
		name := p.text[p.at : p.at+end]
		p.at += end + 2
		not := strings.HasPrefix(name, "^")
		s, ok := property(strings.TrimPrefix(name, "^"))
		if !ok {
			return nil, false, fmt.Errorf("[:%s:] isn't supported", name)
		}
		if not {
			s = complement(s)
		}
		return s, false, nil
	case p.skip("["):
		s, err := p.class()
		return s, false, err
	case p.skip(`\`):
		if !p.more() {
			return nil, false, errors.New(`a \ at the end`)
		}
		if p.skip("b") {
			return set{'\b', '\b'}, true, nil
		}
		s, err := p.escaped()
		return s, err == nil && len(s) == 2 && s[0] == s[1], err
	}
	r := p.rune()
	return set{r, r}, true, nil
}

// group reads the rest of a group. It returns nil for options that hold for what
// follows, which it sets.
func (p *parser) group() (*node, error) {
	fold, dots, free := p.fold, p.dots, p.free
	whole := &node{kind: sequence}
	switch {
	case !p.skip("?"):
	case p.skip(":"):
	case p.skip("#"):
		end := strings.IndexByte(p.text[p.at:], ')')
		if end < 0 {
			return nil, errors.New("(?# without )")
		}
		p.at += end + 1
		return nil, nil
	case p.skip("="):
		whole = &node{kind: look}
	case p.skip("!"):
		whole = &node{kind: look, not: true}
	case p.skip("<="):
		whole = &node{kind: look, behind: true}
	case p.skip("<!"):
		whole = &node{kind: look, behind: true, not: true}
	case p.skip(">"):
		whole = &node{kind: atomic}
	case p.skip("<"), p.skip("P<"), p.skip("'"):
		end := strings.IndexAny(p.text[p.at:], ">'")
		if end < 0 {
			return nil, errors.New("the name of a group without end")
		}
		p.at += end + 1
	default:
		rest, err := p.options()
		if err != nil {
			return nil, err
		}
		if !rest {
			// (?i)abc|def: in Ruby the options hold for all alternatives that follow.
			n, err := p.alternatives()
			p.fold, p.dots, p.free = fold, dots, free
			return n, err
		}
	}
	n, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if !p.skip(")") {
		return nil, errors.New("a ( without )")
	}
	p.fold, p.dots, p.free = fold, dots, free
	whole.parts = []*node{n}
	return whole, nil
}

// options reads imx-imx and the : or ) after it, and says which of both it was.
func (p *parser) options() (group bool, err error) {
	on := true
	for p.more() {
		switch r := p.rune(); r {
		case '-':
			on = false
		case 'i':
			p.fold = on
		case 'm':
			p.dots = on
		case 'x':
			p.free = on
		case ':':
			return true, nil
		case ')':
			return false, nil
		default:
			return false, fmt.Errorf("(?%c isn't supported", r)
		}
	}
	return false, errors.New("a ( without )")
}

// maxRepeat is what Oniguruma allows.
const maxRepeat = 100000

// repeated reads the repetitions after n.
func (p *parser) repeated(n *node) (*node, error) {
	for p.more() {
		lo, hi, counted := 0, -1, false
		switch p.text[p.at] {
		case '*':
			p.at++
		case '+':
			p.at++
			lo = 1
		case '?':
			p.at++
			hi = 1
		case '{':
			var ok bool
			if lo, hi, ok = p.counts(); !ok {
				return n, nil
			}
			counted = true
		default:
			return n, nil
		}
		if n.kind == assertion || n.kind == look {
			return nil, errors.New("a condition is repeated")
		}
		if hi >= 0 && lo > hi || lo > maxRepeat || hi > maxRepeat {
			return nil, fmt.Errorf("it repeats {%d,%d}", lo, hi)
		}
		n = &node{kind: repetition, parts: []*node{n}, min: lo, max: hi}
		switch {
		case p.skip("?"):
			n.lazy = true
		// In Ruby's syntax a{1,2}+ repeats the repetition.
		case !counted && p.skip("+"):
			n = &node{kind: atomic, parts: []*node{n}}
		}
	}
	return n, nil
}

// counts reads {n}, {n,}, {,m} or {n,m}; without being one of these, { is itself.
func (p *parser) counts() (lo, hi int, ok bool) {
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 0 {
		return 0, 0, false
	}
	inside := p.text[p.at+1 : p.at+end]
	first, second, comma := strings.Cut(inside, ",")
	if first == "" && second == "" {
		return 0, 0, false
	}
	parse := func(s string, missing int) int {
		if s == "" {
			return missing
		}
		n, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			ok = false
		}
		return int(n)
	}
	ok = true
	lo, hi = parse(first, 0), parse(second, -1)
	if !comma {
		hi = lo
	}
	if ok {
		p.at += end + 1
	}
	return lo, hi, ok
}
