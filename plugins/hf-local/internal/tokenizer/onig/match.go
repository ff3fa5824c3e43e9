package onig

import "unicode/utf8"

// Each calls found for every match in text, from the left; they don't overlap. An
// empty match right after another one isn't one.
func (p *Pattern) Each(text string, found func(begin, end int)) {
	p.each(text, 4096+8*len(text), found)
}

func (p *Pattern) each(text string, budget int, found func(begin, end int)) {
	m := machine{text: text, budget: budget}
	ended := -1 // where the last match ended
	for at := 0; at <= len(text); {
		if p.first != nil {
			for at < len(text) && !p.first[text[at]] {
				at++
			}
			if at == len(text) {
				return
			}
		}
		end := m.run(&p.program, at, true)
		if end < 0 || end == at && at == ended {
			_, n := utf8.DecodeRuneInString(text[at:])
			at += max(n, 1)
			continue
		}
		found(at, end)
		ended, at = end, end
	}
}

// machine is the state of a search through one text.
type machine struct {
	text   string
	stack  []frame
	budget int // steps until failures are remembered
	// failed has a bit for each place in the text and each instruction that
	// chooses: what was tried from there and led to nothing.
	failed []uint64
}

// frame is where to go on when a way fails: at code pc with the text from pos, and
// if that fails too, from each character before it down to low.
type frame struct {
	pc, pos, low int
}

// run returns where a match of p that begins at pos ends, or -1. Failures are
// remembered only of the pattern itself: a part that is tried as a whole may be
// asked again where it matched.
func (m *machine) run(p *program, pos int, main bool) int {
	base := len(m.stack)
	pc := 0
	for {
		i := &p.code[pc]
		ok := true
		switch i.op {
		case matchOne:
			n := i.class.at(m.text, pos)
			pos, pc, ok = pos+n, pc+1, n > 0
		case matchAll:
			ok = m.enter(p, i, pos, main)
			for n := i.class.at(m.text, pos); ok && n > 0; n = i.class.at(m.text, pos) {
				pos += n
				// From wherever it begins, it ends at the same place.
				ok = m.enter(p, i, pos, main)
			}
			pc++
		case matchStar:
			low := pos
			if ok = m.enter(p, i, pos, main); ok {
				for n := i.class.at(m.text, pos); n > 0 && m.enter(p, i, pos+n, main); n = i.class.at(m.text, pos) {
					pos += n
				}
				pc++
				if pos > low {
					m.stack = append(m.stack, frame{pc, pos, low})
				}
			}
		case fork:
			if ok = m.enter(p, i, pos, main); ok {
				m.stack = append(m.stack, frame{i.other, pos, pos})
				pc = i.to
			}
		case jump:
			pc = i.to
		case check:
			pc, ok = pc+1, holds(m.text, pos, i.at)
		case around:
			pc, ok = pc+1, m.around(i, pos) != i.not
		case commit:
			end := m.run(i.subs[0], pos, false)
			pos, pc, ok = end, pc+1, end >= 0
		case done:
			m.stack = m.stack[:base]
			if main {
				m.forget(p, pos)
			}
			return pos
		}
		if ok {
			continue
		}
		if len(m.stack) == base {
			return -1
		}
		f := &m.stack[len(m.stack)-1]
		pc, pos = f.pc, f.pos
		if f.pos > f.low {
			// That far was tried: give one character back.
			_, n := utf8.DecodeLastRuneInString(m.text[:f.pos])
			pos -= n
			f.pos = pos
			if pos > f.low {
				continue
			}
		}
		m.stack = m.stack[:len(m.stack)-1]
	}
}

// enter notes that an instruction that chooses is tried at pos. It returns false
// if that was tried before and led to nothing.
func (m *machine) enter(p *program, i *instruction, pos int, main bool) bool {
	if !main {
		return true
	}
	if m.failed == nil {
		if m.budget--; m.budget > 0 {
			return true
		}
		m.failed = make([]uint64, (len(m.text)+1)*p.branches/64+1)
	}
	bit := pos*p.branches + i.branch
	if m.failed[bit/64]>>(bit%64)&1 != 0 {
		return false
	}
	m.failed[bit/64] |= 1 << (bit % 64)
	return true
}

// forget takes back what was noted for the end of a match: the way that led there
// is noted, too. What lies behind was left in failure, and what lies before isn't
// asked again.
func (m *machine) forget(p *program, pos int) {
	if m.failed == nil {
		return
	}
	for b := range p.branches {
		bit := pos*p.branches + b
		m.failed[bit/64] &^= 1 << (bit % 64)
	}
}

func (m *machine) around(i *instruction, pos int) bool {
	for k, sub := range i.subs {
		begin := pos
		if i.behind {
			for n := i.widths[k]; n > 0 && begin >= 0; n-- {
				_, size := utf8.DecodeLastRuneInString(m.text[:begin])
				if begin -= size; size == 0 {
					begin = -1
				}
			}
			if begin < 0 {
				continue
			}
		}
		// A look-behind has one length: a match ends at pos.
		if m.run(sub, begin, false) >= 0 {
			return true
		}
	}
	return false
}

var wordClass = newClass(freeWord())

func holds(text string, pos int, at place) bool {
	switch at {
	case textBegin:
		return pos == 0
	case textEnd:
		return pos == len(text)
	case textEndOrLine:
		return pos == len(text) || pos == len(text)-1 && text[pos] == '\n'
	case lineBegin:
		// Not after a line end that ends the text.
		return pos == 0 || text[pos-1] == '\n' && pos < len(text)
	case lineEnd:
		return pos == len(text) || text[pos] == '\n'
	}
	before := false
	if pos > 0 {
		r, _ := utf8.DecodeLastRuneInString(text[:pos])
		before = wordClass.has(r)
	}
	after := wordClass.at(text, pos) > 0
	return (before != after) == (at == wordEdge)
}
