package params

import (
	"encoding/json"
	"math"
	"strings"
)

// The patterns admit at least what is decoded, white space around it included,
// and use only what both ECMA 262 and Go's regexp know.
const (
	wholePattern    = `^\s*[-+]?(\d+(\.0*)?|\d*\.?\d+[eE][-+]?\d+|\d+\.\d*[eE][-+]?\d+)\s*$`
	numberPattern   = `^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$`
	boolPattern     = `^\s*([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff]|[TtFfYyNn01])\s*$`
	timePattern     = `^\s*\d{4}-\d{2}-\d{2}([T ]\d{1,2}:\d{2}:\d{2}([.,]\d+)?(Z|[-+]\d{2}:\d{2})?)?\s*$`
	durationPattern = `^\s*[-+]?(` +
		`\d+[.,]?\d*|[.,]\d+|(\d+\.?\d*|\.\d+)[eE][-+]?\d+` + // seconds
		`|\d+:[0-5]\d(:[0-5]\d([.,]\d+)?)?` + // H:MM:SS
		`|[Pp]([\d.,]+[Ww])?([\d.,]+[Dd])?([Tt]([\d.,]+[Hh])?([\d.,]+[Mm])?([\d.,]+[Ss])?)?` + // ISO 8601
		`|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+` + // Go
		`)\s*$`
)

type object = map[string]any

// Schema returns the JSON Schema (2020-12) of what a configuration may contain. A child
// pipe is a reference to #/$defs/pipe, which the caller defines. The schema accepts
// everything that Decode does, and templates wherever they are rendered; both reject a
// text that is not a duration or a time where one is wanted. All lists in it are []any,
// as from a JSON decoder.
//
// standIns are regular expressions, by ECMA 262, for further texts that are accepted in
// place of any value, such as the reference to a variable.
func Schema(s *Spec, standIns ...string) map[string]any {
	b := schemaBuilder{standIn: strings.Join(append([]string{templatePattern}, standIns...), "|")}
	if s.Kind == KindObject && s.Name == "" {
		return annotate(s, b.object(s))
	}
	return b.key(s)
}

type schemaBuilder struct {
	standIn string // pattern of the texts whose value is not known yet
}

// key is the schema of a key: where it isn't required, it may also be null.
func (b schemaBuilder) key(s *Spec) object {
	return annotate(s, b.alternatives(s, !s.Required))
}

func (b schemaBuilder) element(s *Spec) object {
	return annotate(s, b.alternatives(s, s.Optional))
}

func (b schemaBuilder) alternatives(s *Spec, null bool) object {
	switch {
	case s.Kind == KindChild:
		return object{"$ref": "#/$defs/pipe"}
	case s.Kind == KindAny:
		return object{}
	case s.HoldsChildren():
		list := b.container(s)
		if null {
			list["type"] = []any{list["type"], "null"}
		}
		return list
	case s.Kind == KindString && s.Enum == nil && s.Min == nil && s.Max == nil:
		types := []any{"string", "number", "boolean"}
		if null {
			types = append(types, "null")
		}
		return object{"type": types}
	}
	forms := append(b.valueForms(s), object{"type": "string", "pattern": b.standIn})
	if null {
		forms = append(forms, object{"type": "null"})
	}
	return object{"anyOf": forms}
}

// valueForms are the ways to write a value that is not a template.
func (b schemaBuilder) valueForms(s *Spec) []any {
	text := func(pattern string) object { return object{"type": "string", "pattern": pattern} }
	switch s.Kind {
	case KindString:
		return stringForms(s)
	case KindBool:
		return []any{object{"type": "boolean"}, object{"enum": []any{0, 1}}, text(boolPattern)}
	case KindInt:
		return []any{bounded(s, object{"type": "integer"}, "minimum", "maximum"), text(wholePattern)}
	case KindFloat:
		return []any{bounded(s, object{"type": "number"}, "minimum", "maximum"), text(numberPattern)}
	case KindDuration:
		form := text(durationPattern)
		form["patternErrorMessage"], form["errorMessage"] = durationAdvice, durationAdvice // which editors show
		return []any{bounded(s, object{"type": "number"}, "minimum", "maximum"), form}
	case KindTime:
		return []any{text(timePattern)}
	case KindObject:
		return []any{b.object(s)}
	default:
		return []any{b.container(s)}
	}
}

func stringForms(s *Spec) []any {
	if s.Enum == nil {
		return []any{
			bounded(s, object{"type": "string"}, "minLength", "maxLength"),
			object{"type": []any{"number", "boolean"}}, // an unquoted text
		}
	}
	values := make([]any, 0, len(s.Enum))
	for _, value := range s.Enum {
		values = append(values, value)
		// Without quotes YAML makes another type of it.
		var other any
		if json.Unmarshal([]byte(value), &other) == nil {
			switch other.(type) {
			case float64, bool:
				values = append(values, other)
			}
		}
	}
	return []any{object{"enum": values}}
}

func (b schemaBuilder) container(s *Spec) object {
	if s.Kind == KindList {
		return bounded(s, object{"type": "array", "items": b.element(s.Elem)}, "minItems", "maxItems")
	}
	return object{"type": "object", "additionalProperties": b.element(s.Elem)}
}

func (b schemaBuilder) object(s *Spec) object {
	properties := make(object)
	var required []any
	for _, f := range s.Fields {
		if !f.isKey() {
			continue
		}
		properties[f.Name] = b.key(f)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	out := object{"type": "object", "properties": properties, "additionalProperties": s.Rest()}
	if required != nil {
		out["required"] = required
	}
	return out
}

func bounded(s *Spec, form object, least, most string) object {
	if s.Min != nil {
		form[least] = schemaNumber(*s.Min)
	}
	if s.Max != nil {
		form[most] = schemaNumber(*s.Max)
	}
	return form
}

func schemaNumber(x float64) any {
	if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
		return int64(x)
	}
	return x
}

// durationAdvice is for editors, which show a pattern otherwise.
const durationAdvice = "Write a duration: 30s, 1h30m, PT30S, PT1H30M, P1D, \"0:30:00\", or a number of seconds."

func annotate(s *Spec, form object) object {
	if s.Doc != "" {
		form["description"] = s.Doc
	}
	if s.Kind == KindDuration {
		form["description"] = strings.TrimSpace(s.Doc + " As 30s, 1h30m, PT30S, PT1H30M, P1D or a number of seconds.")
		form["errorMessage"] = durationAdvice
		form["examples"] = []any{"PT30S", "PT5M", "PT1H30M", "P1D"}
	}
	if s.Secret {
		form["writeOnly"] = true
	}
	if s.Default != nil && !s.Secret {
		form["default"] = schemaDefault(s)
	}
	return form
}

// schemaDefault is the default in the type of its kind.
func schemaDefault(s *Spec) any {
	value := defaultValue(s.Kind, *s.Default)
	switch s.Kind {
	case KindBool:
		if yes, ok := toBool(value); ok {
			return yes
		}
	case KindInt:
		if n, want := toInt(value); want == "" {
			return n
		}
	case KindFloat:
		if x, ok := toFloat(value); ok {
			return x
		}
	case KindDuration, KindTime:
		return strings.TrimSpace(*s.Default)
	default:
		if plain, err := Plain(value); err == nil {
			return plain
		}
	}
	return value
}
