package check

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// templateLanguage is nil when the templates are in another language than ours.
func (k *checker) templateLanguage() *jinja.Renderer {
	var renderers []config.Service
	for _, s := range k.doc.Services {
		if k.services[s.ID].Renderer {
			renderers = append(renderers, s)
		}
	}
	for _, s := range renderers[min(1, len(renderers)):] {
		k.reportError(k.at(servicePath(s)), servicePath(s), "second-renderer", "keep one of the two", "this is a second template renderer beside %s", renderers[0].Path)
	}
	if len(renderers) > 0 && k.services[renderers[0].ID].Labels[params.LabelLanguage] != params.LanguageJinja {
		return nil
	}
	return jinja.New(jinja.Options{Env: k.doc.Lookup})
}

// templates parses every template in v, and compares the names in those that will be
// rendered with what there will be. Below keys that spec doesn't know, and with
// no spec at all, only the syntax counts. Children are left to their own turn.
func (k *checker) templates(v any, base params.Path, spec *params.Spec, around scope) {
	if k.language == nil {
		return
	}
	params.Walk(spec, v, func(p *params.Place) params.Next {
		if p.Spec.HoldsChildren() {
			return params.Over
		}
		if text, isText := p.Value.(string); isText {
			k.templateIn(text, base.Join(p.Path), p.Spec != nil, around)
		}
		return params.Into
	})
}

// templateIn checks a text that may be a template, or look like one.
func (k *checker) templateIn(text string, path params.Path, rendered bool, around scope) {
	before := len(k.diags.List)
	switch i := callOfATemplate.FindStringIndex(text); {
	case jinja.HasTemplate(text):
		k.template(text, path, rendered, around)
	case i != nil:
		line, column := source.PlaceIn(text, i[0])
		k.warn(k.inside(path, line, column), path, "no-template", "write {{ … }} around it", "this text is not a template, so it is taken as it stands here")
	}
	k.noReference(text, path, around, k.diags.List[before:])
}

func (k *checker) template(template string, path params.Path, rendered bool, around scope) {
	parsed, err := k.language.Parse(template)
	if err != nil {
		position, message, hint := k.at(path), err.Error(), ""
		var templateErr *api.TemplateError
		if errors.As(err, &templateErr) {
			position = k.inside(path, templateErr.Line, templateErr.Column)
			hint = cmp.Or(syntaxHintAt(template, templateErr.Line, templateErr.Column), foreignHint(templateErr.Err))
			if templateErr.Err != nil {
				message = templateErr.Err.Error()
			}
		}
		if secretname.Below(path) && !strings.Contains(template, "}}") && !strings.Contains(template, "%}") {
			if hint != "" {
				hint += "; "
			}
			hint += config.IfItIsTheValue
		}
		k.reportError(position, path, "template-syntax", hint, "the template has a mistake: %s", message)
		return
	}
	if !rendered {
		return
	}
	k.foreign(template, path)
	k.calls(parsed, path, around)
	reported := map[nameDiagnostic]bool{}
	calls := bareCalls(template)
	for _, n := range jinja.Names(parsed) {
		if i := callAround(calls, template, n); !n.Known && i >= 0 {
			if c := &calls[i]; !c.reported {
				c.reported = true
				k.reportError(k.inside(path, n.Line, n.Column), path, "unknown-name", c.hint, "the template uses %q, which is not defined", n.Name)
			}
			continue
		}
		diag := k.checkName(n, around)
		if diag.message == "" || reported[diag] {
			continue // once for each template is enough
		}
		reported[diag] = true
		severity := source.SeverityWarning
		if n.Certain && (n.Known || n.Broken) && !diag.onlyWarn {
			severity = source.SeverityError
		}
		at := k.inside(path, n.Line, n.Column)
		if arg := diag.arg; arg > 0 {
			at = k.inside(path, n.Args[arg-1].Line, n.Args[arg-1].Column)
		}
		k.report(severity, at, path, diag.code, diag.hint, diag.message)
		if diag.code == "unknown-result" && len(n.Args) > 0 {
			k.names.noteMissing("step", n.Args[0].Text, k.lastReport(), k.stepsWith(n, around))
		}
	}
}

// callAround is the call with names where texts are wanted in which a name stands,
// or -1.
func callAround(calls []bareCall, template string, n jinja.Name) int {
	return slices.IndexFunc(calls, func(c bareCall) bool {
		line, column := source.PlaceIn(template, c.from)
		endLine, endColumn := source.PlaceIn(template, c.to)
		after := n.Line > line || n.Line == line && n.Column > column
		return after && (n.Line < endLine || n.Line == endLine && n.Column < endColumn)
	})
}
