package pretokenizers

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
)

// metaspace makes every blank the character that stands for one in the
// vocabularies of sentencepiece, puts one before the text, and cuts before each.
type metaspace struct {
	replacement string
	scheme      string // always, first or never
	cut         bool
}

func (m metaspace) split(s Span, emit func(Span)) {
	text, lead := s.Text, s.Lead
	if lead > 0 {
		lead += strings.Count(text[:lead], " ") * (len(m.replacement) - 1)
	}
	if !strings.HasPrefix(text, " ") && !strings.HasPrefix(text, m.replacement) &&
		(m.scheme == "always" || m.scheme == "first" && lead > 0) {
		text = m.replacement + text
		if lead > 0 {
			lead += len(m.replacement)
		}
	}
	text = strings.ReplaceAll(text, " ", m.replacement)
	c := cutter{Span{text, lead}, emit}
	begin := 0
	for m.cut {
		// The next one that begins a part: of several in a row, each is one.
		i := begin + len(m.replacement)
		if !strings.HasPrefix(text[begin:], m.replacement) {
			i = begin
		}
		next := strings.Index(text[min(i, len(text)):], m.replacement)
		if next < 0 {
			break
		}
		c.part(begin, i+next)
		begin = i + next
	}
	c.part(begin, len(text))
}

func (m metaspace) stage() Stage { return Stage{Split: m.split, First: m.scheme == "first"} }

// Metaspace returns the step that follows the training of sentencepiece. A blank is put
// before a text always, never, or first: only at the beginning of the whole text.
func Metaspace(scheme string) Stage {
	return metaspace{replacement: "▁", scheme: scheme, cut: true}.stage()
}

func parseMetaspace(p hfjson.Component) (metaspace, error) {
	var file struct {
		Replacement string `json:"replacement"`
		Prefix      *bool  `json:"add_prefix_space"`
		Scheme      string `json:"prepend_scheme"`
		Split       *bool  `json:"split"`
	}
	if err := p.Read(&file); err != nil {
		return metaspace{}, err
	}
	if utf8.RuneCountInString(file.Replacement) != 1 {
		return metaspace{}, fmt.Errorf("%s: replacement is %.200q, not one character", p.Type, file.Replacement)
	}
	m := metaspace{replacement: file.Replacement, scheme: file.Scheme, cut: file.Split == nil || *file.Split}
	switch m.scheme {
	case "always", "first", "never":
	case "":
		// Files of the first releases say only this.
		m.scheme = "always"
		if file.Prefix != nil && !*file.Prefix {
			m.scheme = "never"
		}
	default:
		return metaspace{}, fmt.Errorf("%s: prepend_scheme is %.200q; supported are always, first and never", p.Type, m.scheme)
	}
	return m, nil
}
