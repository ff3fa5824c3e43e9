package params

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

func describeDefault(s *Spec, field reflect.StructField) error {
	text, ok := field.Tag.Lookup("default")
	if !ok {
		return nil
	}
	if s.Required {
		return errors.New("is required, so it can't have a default")
	}
	if s.HoldsChildren() {
		return errors.New("child pipes have no default")
	}
	s.Default = &text
	return s.readDefault()
}

// readDefault decodes the default once, to be handed out or checked.
func (s *Spec) readDefault() error {
	s.fallback = defaultValue(s.Kind, *s.Default)
	if s.fallback == nil {
		return errors.New("default: null is what a field without a default has anyway")
	}
	d := decoder{silent: true}
	value := reflect.New(s.typ).Elem()
	d.value(s, s.fallback, value)
	if len(d.found) > 0 {
		return fmt.Errorf("default: %w", d.found[0].withPath())
	}
	if s.Optional {
		value = value.Elem()
	}
	switch s.Kind {
	case KindString, KindBool, KindInt, KindFloat, KindDuration, KindTime:
		s.preset = value
	}
	return nil
}

// defaultValue reads a default: JSON, else the text itself.
func defaultValue(kind Kind, text string) any {
	if kind == KindString {
		return text
	}
	reader := json.NewDecoder(strings.NewReader(text))
	reader.UseNumber() // an int64 stays exact
	var value any
	if reader.Decode(&value) != nil {
		return text
	}
	if _, err := reader.Token(); !errors.Is(err, io.EOF) {
		return text
	}
	return value
}

// absent gives v its default.
func (d *decoder) absent(f *Spec, v reflect.Value) {
	switch {
	case f.preset.IsValid():
		if f.Optional {
			v.Set(reflect.New(f.typ.Elem()))
			v = v.Elem()
		}
		v.Set(f.preset)
	case f.Default != nil:
		d.value(f, clone(f.fallback), v)
	case f.Kind == KindObject && !f.Optional:
		for _, inner := range f.Fields {
			if inner.isKey() {
				d.enter(inner.Name)
				d.absent(inner, v.Field(inner.index))
				d.leave()
			}
		}
	}
}

// clone keeps one run's params from changing the default of the next.
func clone(raw any) any {
	switch x := raw.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for key, value := range x {
			out[key] = clone(value)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, value := range x {
			out[i] = clone(value)
		}
		return out
	default:
		return raw
	}
}
