package picture

import (
	"maps"
	"slices"
	"strings"
)

// Differences are what somebody changed.
type Differences struct {
	Fields  []string // names, sorted
	Article bool     // an article that isn't ours
	Time    bool     // only the time of the last change shows it
	PutBack []string // of Fields: those that are again as they were before this runner
	Ended   string   // Closed or Merged, if somebody did that
}

// Any reports whether there are any.
func (d Differences) Any() bool { return len(d.Fields) > 0 || d.Article || d.Time || d.Ended != "" }

// OnlyPutBack reports whether all that somebody did was to undo what this runner did.
func (d Differences) OnlyPutBack() bool {
	return !d.Article && len(d.Fields) > 0 && len(d.Fields) == len(d.PutBack)
}

// InWords is the name of a field for people.
func InWords(name string) string {
	if name == Customer {
		return "customer"
	}
	return name
}

// String names them.
func (d Differences) String() string {
	names := slices.Clone(d.Fields)
	if d.Article {
		names = append(names, "an article")
	}
	if d.Ended != "" && !slices.Contains(names, State) {
		names = append(names, State)
	}
	if len(names) == 0 && d.Time {
		names = append(names, "something else")
	}
	return strings.Join(names, ", ")
}

// answers are the fields that a help desk changes by itself in answer to a write: in the
// first reading after one they are nobody's.
func answers(name string) bool { return name == Owner || strings.HasPrefix(name, further) }

// Changed compares a picture, with all of ours laid over it, with the ticket now. settled
// says that the first reading after the run is in the picture already: from then on any
// difference is somebody's, before it only what a help desk doesn't do by itself.
func (p Picture) Changed(now Picture, settled bool) Differences {
	var d Differences
	for name, was := range p.Fields {
		is, known := now.Fields[name]
		switch {
		case !known, Hashed(name) && p.Key != now.Key, was.Same(is), !settled && answers(name):
		case name == Subject && was.ID == "": // it wasn't read
		default:
			d.Fields = append(d.Fields, InWords(name))
			if m, ours := p.Made[name]; ours && m.To.Same(was) && m.From.Same(is) {
				d.PutBack = append(d.PutBack, InWords(name))
			}
		}
	}
	slices.Sort(d.Fields)
	slices.Sort(d.PutBack)
	foreign, _ := p.Foreign(now)
	d.Article = len(foreign) > 0
	if now.Final != p.Final && now.Final != "" && slices.Contains(d.Fields, State) {
		d.Ended = now.Final
	}
	d.Time = settled && !p.Laid && !p.Stamp.IsZero() && now.Stamp.After(p.Stamp)
	return d
}

// Foreign are the articles of now that are neither in the picture nor ours; unseen are
// the notes of ours that aren't there.
func (p Picture) Foreign(now Picture) (foreign, unseen []Article) {
	unseen = slices.Clone(p.Ours)
	known := make(map[Article]int, len(p.Articles))
	for _, a := range p.Articles {
		known[p.identity(a)]++
	}
	for _, a := range now.Articles {
		if known[p.identity(a)] > 0 {
			known[p.identity(a)]--
			continue
		}
		if i := slices.IndexFunc(unseen, a.reads); i >= 0 && p.Key == now.Key {
			unseen = slices.Delete(unseen, i, i+1)
			continue
		}
		foreign = append(foreign, a)
	}
	return foreign, unseen
}

// identity is an article's id, else what it reads.
func (p Picture) identity(a Article) Article {
	if a.ID != "" {
		return Article{ID: a.ID}
	}
	return Article{Subject: a.Subject, Body: a.Body}
}

// reads reports whether an article reads as a note: ticket systems mark subjects, cut
// texts and turn HTML into plain text, so one of the two is enough.
func (a Article) reads(n Article) bool {
	return a.Subject != "" && a.Subject == n.Subject || a.Body != "" && a.Body == n.Body
}

// Equal counts the articles that read the same as a note.
func (p Picture) Equal(n Article) int {
	count := 0
	if n.Subject == "" && n.Body == "" {
		return 0
	}
	for _, a := range p.Articles {
		if a.Visible == n.Visible && (n.Subject == "" || a.Subject == n.Subject) && (n.Body == "" || a.Body == n.Body) {
			count++
		}
	}
	return count
}

// Absorb is the picture of the ticket as it is now, with what is remembered of the one
// before. What this runner made is forgotten once somebody wrote an article.
func (p Picture) Absorb(now Picture) Picture {
	foreign, _ := p.Foreign(now)
	now = now.clone()
	now.Ours, now.Laid = nil, false
	for name, v := range p.Fields {
		if _, known := now.Fields[name]; !known {
			now.Fields[name] = v
		}
	}
	if len(foreign) == 0 {
		now.Made = maps.Clone(p.Made)
	}
	if now.Read.Criteria == nil {
		now.Read.Criteria = p.Read.Criteria
	}
	return now
}

// A Decision is what becomes of one field of a write.
type Decision int

// The decisions.
const (
	Write   Decision = iota
	Done             // it is as wanted
	Person           // somebody wanted something else
	PutBack          // a person undid this very change
)

// Decide decides on one field, against the picture with all of ours laid over it.
func (p Picture) Decide(now Picture, name string, want Value) Decision {
	is, readable := now.Fields[name]
	was, known := p.Fields[name]
	switch {
	case !readable:
		return Write
	case is.Same(want):
		return Done
	case !known, Hashed(name) && p.Key != now.Key:
		return Write
	case p.putBack(now, name, want):
		return PutBack
	case is.Same(was):
		return Write
	default:
		return Person
	}
}

// putBack reports whether this runner had made the field what is wanted now, somebody
// undid it, and nobody wrote an article since.
func (p Picture) putBack(now Picture, name string, want Value) bool {
	m, ours := p.Made[name]
	if !ours || !m.To.Same(want) || !m.From.Same(now.Fields[name]) {
		return false
	}
	foreign, _ := p.Foreign(now)
	return len(foreign) == 0
}
