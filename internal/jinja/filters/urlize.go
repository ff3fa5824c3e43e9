package filters

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
)

// What urlize takes for an address: a scheme or "www." with any domain, a domain
// alone under one of the old top level domains, or a scheme with an IP address.
var (
	linkPattern = lazyregexp.New(`(?i)^(?:` +
		`(?:https?://|www\.)(?:[\pL\pN_%-]+\.)*(?:[a-z]{2,63}|xn--[\pL\pN_%]{2,59})` +
		`|(?:[\pL\pN_%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)` +
		`|https?://(?:\d{1,3}(?:\.\d{1,3}){3}|\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\])` +
		`)(?::\d{1,5})?(?:[/?#]\S*)?$`)
	mailPattern   = lazyregexp.New(`^\S+@[\pL\pN_][\pL\pN_.-]*\.[\pL\pN_]+$`)
	schemePattern = lazyregexp.New(`^[\pL\pN_.+-]{2,}:/{0,2}$`)
	blankPattern  = lazyregexp.New(`[\s\p{Z}\x1c-\x1f\x85]+`)
	leadPattern   = lazyregexp.New(`^(?:[(<]|&lt;)+`)
	trailPattern  = lazyregexp.New(`(?:[)>.,\n]|&gt;)+$`)
)

// linker turns the addresses in a text into links.
type linker struct {
	limit      int // on the characters of an address that are shown; negative: none
	attributes string
	schemes    []string
}

func urlizeFilter(r *runtime.State, v any, a value.Args) (any, error) {
	l := linker{limit: -1}
	if a.At(0, nil) != nil {
		limit, err := a.IntegerOrNone(0, -1)
		if err != nil {
			return nil, err
		}
		l.limit = max(limit, 0)
	}
	rel := map[string]bool{"noopener": true}
	if a.Truth(1) {
		rel["nofollow"] = true
	}
	if a.At(3, nil) != nil {
		words, err := a.Text(3, "")
		if err != nil {
			return nil, err
		}
		for _, word := range strings.FieldsFunc(words, value.IsSpace) {
			rel[word] = true
		}
	}
	l.attributes = ` rel="` + value.EscapeHTML(strings.Join(slices.Sorted(maps.Keys(rel)), " ")) + `"`
	if value.Truth(a.At(2, nil)) {
		target, err := value.Text(r.Budget, a.Values[2])
		if err != nil {
			return nil, err
		}
		l.attributes += ` target="` + value.EscapeHTML(target) + `"`
	}
	if err := l.addSchemes(r, a.At(4, nil)); err != nil {
		return nil, err
	}
	escaped, err := value.Escape(r.Budget, v)
	if err != nil {
		return nil, err
	}
	text, _ := value.AsText(escaped)
	if err := r.Step(len(text)); err != nil {
		return nil, err
	}
	var b strings.Builder
	for text != "" {
		gap := blankPattern.FindStringIndex(text)
		if gap == nil {
			gap = []int{len(text), len(text)}
		}
		if err := r.Step(8 + gap[0]); err != nil {
			return nil, err
		}
		word := l.word(text[:gap[0]])
		if err := r.Grow(len(word) + gap[1] - gap[0]); err != nil {
			return nil, err
		}
		b.WriteString(word)
		b.WriteString(text[gap[0]:gap[1]])
		text = text[gap[1]:]
	}
	return r.InHTML(b.String()), nil
}

func (l *linker) addSchemes(r *runtime.State, v any) error {
	if v == nil {
		return nil
	}
	schemes, err := value.Elements(r.Budget, v)
	if err != nil {
		return err
	}
	for _, one := range schemes {
		scheme, ok := value.AsText(one)
		if !ok || !schemePattern.MatchString(scheme) {
			return position.Errorf("%s is not a scheme of addresses", position.Quote{Text: value.Briefly(one), Bare: true})
		}
		l.schemes = append(l.schemes, scheme)
	}
	return nil
}

// word links one word, without the brackets and full stops around it. A closing
// bracket belongs to the address where one was opened in it.
func (l *linker) word(word string) string {
	lead := leadPattern.FindString(word)
	middle := word[len(lead):]
	trail := trailPattern.FindString(middle)
	middle = strings.TrimSuffix(middle, trail)
	for _, brackets := range [...][2]string{{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}} {
		opened, closed := strings.Count(middle, brackets[0]), strings.Count(middle, brackets[1])
		if opened <= closed {
			continue
		}
		end := 0
		for range min(opened, strings.Count(trail, brackets[1])) {
			end += strings.Index(trail[end:], brackets[1]) + len(brackets[1])
		}
		middle, trail = middle+trail[:end], trail[end:]
	}
	return lead + l.link(middle) + trail
}

// longestAddress bounds what is looked at, in bytes: a pattern can't be interrupted.
const longestAddress = 16 << 10

func (l *linker) link(address string) string {
	switch {
	case len(address) > longestAddress:
		return address
	case linkPattern.MatchString(address):
		to := address
		if !strings.HasPrefix(to, "https://") && !strings.HasPrefix(to, "http://") {
			to = "https://" + to
		}
		shown := address
		if l.limit >= 0 && utf8.RuneCountInString(address) > l.limit {
			shown = value.FirstRunes(address, l.limit) + "..."
		}
		return l.anchor(to, l.attributes, shown)
	case strings.HasPrefix(address, "mailto:") && mailPattern.MatchString(address[len("mailto:"):]):
		return l.anchor(address, "", address[len("mailto:"):])
	case strings.Contains(address, "@") && !strings.HasPrefix(address, "www.") && !strings.HasPrefix(address, "@") && !strings.Contains(address, ":") && mailPattern.MatchString(address):
		return l.anchor("mailto:"+address, "", address)
	}
	for _, scheme := range l.schemes {
		if address != scheme && strings.HasPrefix(address, scheme) {
			address = l.anchor(address, l.attributes, address)
		}
	}
	return address
}

func (l *linker) anchor(to, attributes, shown string) string {
	return `<a href="` + to + `"` + attributes + `>` + shown + `</a>`
}
