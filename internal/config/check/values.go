package check

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// texts reports numbers that stand where text is wanted and are other text than
// what was written: 0123 is 83. It also learns the secrets, and finds times of day
// that YAML readers don't agree about.
func (k *checker) texts(v any, base params.Path, spec *params.Spec) {
	params.Walk(spec, v, func(p *params.Place) params.Next {
		if p.Spec == nil {
			return params.Over
		}
		path := base.Join(p.Path)
		switch v := p.Value.(type) {
		case string:
			k.text(v, path, p.Spec)
		case nil:
			k.lostToComment(path, p.Spec)
		case int64:
			k.number(strconv.FormatInt(v, 10), path, p.Spec)
		case float64:
			k.number(strconv.FormatFloat(v, 'f', -1, 64), path, p.Spec)
		}
		return params.Into
	})
}

func (k *checker) text(text string, path params.Path, spec *params.Spec) {
	if spec.Secret && !jinja.HasTemplate(text) {
		k.doc.LearnSecret(text)
		k.shortSecret(text, path)
	}
	if spec.Kind == params.KindDuration {
		k.clock(text, path)
	}
	if text == "" && spec.Kind == params.KindAny && spec.Required && !k.isUnknown(path) {
		// An untyped text is rendered to its value, which is none here.
		k.reportError(k.at(path), path, "missing-param", "write a value or a template; '' in a template is an empty text: \"{{ '' }}\"", "is required, but empty")
	}
}

// gluedComment is a comment right behind a key that looks like its value.
var gluedComment = lazyregexp.New(`:\s+(#[^\s#].*)$`)

// lostToComment finds a value that begins with #.
func (k *checker) lostToComment(path params.Path, spec *params.Spec) {
	p := k.place(path)
	rest := []rune(k.doc.Line(p.Key))
	if len(rest) == 0 || p.Text != "" {
		return
	}
	m := gluedComment.FindStringSubmatchIndex(string(rest[min(p.Key.Column-1, len(rest)):]))
	if m == nil {
		return
	}
	before := string(rest[:p.Key.Column-1])
	line, column := p.Key.Line, utf8.RuneCountInString(before)+utf8.RuneCountInString(string(rest[p.Key.Column-1:])[:m[2]])+1
	severity, code := source.SeverityWarning, "lost-to-comment"
	if spec.Required || spec.Kind == params.KindString {
		severity = source.SeverityError
		k.unknown[k.written(path).String()] = true
	}
	if spec.Required {
		code = "missing-param"
	}
	k.report(severity, source.Position{File: p.Key.File, Line: line, Column: column}, path, code, "put it in quotes if it is the value", "# begins a comment, so that nothing is given here")
}

// clockTime is read as a number of base 60 by YAML 1.1, and as text by YAML 1.2.
var clockTime = lazyregexp.New(`^[0-9]+:[0-5][0-9]$`)

func (k *checker) clock(text string, path params.Path) {
	p := k.place(path)
	if p.At.Line == 0 || !p.Plain || !clockTime.MatchString(text) {
		return
	}
	first, second, _ := strings.Cut(text, ":")
	k.reportError(k.at(path), path, "ambiguous-duration",
		fmt.Sprintf(`write "%s:00" or PT%sH%sM for hours and minutes, PT%sM%sS for minutes and seconds`, text, first, second, first, second),
		"%s without quotes is %s hours and %s minutes to one YAML reader and minutes and seconds to another", text, first, second)
}

func (k *checker) number(text string, path params.Path, spec *params.Spec) {
	written := k.place(path).Text
	if spec.Kind == params.KindInt && dottedGroups.MatchString(written) {
		k.reportError(k.at(path), path, "ambiguous-number", fmt.Sprintf("write %s or %s", digits(written), text), "a point parts off fractions here, so that this is %s", text)
	}
	if written == "" || spec.Kind != params.KindString {
		return
	}
	if spec.Secret {
		k.doc.LearnSecret(text)
		k.doc.LearnSecret(written)
		k.shortSecret(written, path)
	}
	if written != text {
		k.reportError(k.at(path), path, "number-as-text", "write it in quotes", "text is wanted here, and YAML reads this number otherwise than it is written")
	}
}
