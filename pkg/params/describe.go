package params

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

var (
	anyType       = reflect.TypeFor[any]()
	stringType    = reflect.TypeFor[string]()
	anyMapType    = reflect.TypeFor[map[string]any]()
	childType     = reflect.TypeFor[api.ChildPipe]()
	durationType  = reflect.TypeFor[time.Duration]()
	timeType      = reflect.TypeFor[time.Time]()
	validatorType = reflect.TypeFor[api.Validator]()
)

// Describe describes the params struct t. An error is a mistake of the plugin's author:
// a field without a tag, a type that can't come from a configuration, or a tag that
// contradicts itself.
func Describe(t reflect.Type) (*Spec, error) {
	if t == nil {
		return nil, errors.New("there is no params struct")
	}
	if t.Kind() != reflect.Struct || t == childType || t == timeType {
		return nil, fmt.Errorf("the params are %s, but must be a struct of their own", typeName(t))
	}
	return describe(t, nil)
}

// describe describes t, which lies inside of the structs above.
func describe(t reflect.Type, above []reflect.Type) (*Spec, error) {
	s := &Spec{typ: t}
	switch t {
	case childType:
		s.Kind = KindChild
		return s, nil
	case durationType:
		s.Kind = KindDuration
		return s, nil
	case timeType:
		s.Kind = KindTime
		return s, nil
	}
	// A struct sees to it itself, as it also has embedded ones.
	if k := t.Kind(); k == reflect.Pointer || k == reflect.Slice || k == reflect.Map {
		if slices.Contains(above, t) {
			return nil, fmt.Errorf("%s contains itself", typeName(t))
		}
		above = append(slices.Clip(above), t)
	}
	var err error
	switch t.Kind() {
	case reflect.String:
		s.Kind = KindString
	case reflect.Bool:
		s.Kind = KindBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.Kind = KindInt
		if bits := t.Bits(); bits < 64 {
			s.Bits = bits
		}
	case reflect.Float64:
		s.Kind = KindFloat
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return nil, fmt.Errorf(`%s can't come from a configuration: to have a service there, write inject:"name"`, typeName(t))
		}
		s.Kind = KindAny
	case reflect.Pointer:
		return describePointer(t, above)
	case reflect.Slice:
		s.Kind = KindList
		s.Elem, err = describe(t.Elem(), above)
	case reflect.Map:
		if t.Key() != stringType {
			return nil, fmt.Errorf("the keys of %s must be of type string", typeName(t))
		}
		s.Kind = KindMap
		s.Elem, err = describe(t.Elem(), above)
	case reflect.Struct:
		s.Kind = KindObject
		err = describeFields(s, above)
	default:
		err = fmt.Errorf("%s can't come from a configuration: use string, bool, an int kind, float64, time.Duration, time.Time, any, a struct, a pointer, a slice or a map", typeName(t))
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func describePointer(t reflect.Type, above []reflect.Type) (*Spec, error) {
	s, err := describe(t.Elem(), above)
	if err != nil {
		return nil, err
	}
	if s.nilable() {
		return nil, fmt.Errorf("%s: what it points to can be nil itself, so leave out the *", typeName(t))
	}
	s.typ, s.Optional = t, true
	return s, nil
}

func describeFields(s *Spec, above []reflect.Type) error {
	t := s.typ
	if slices.Contains(above, t) {
		return fmt.Errorf("%s contains itself", typeName(t))
	}
	if s.validates = reflect.PointerTo(t).Implements(validatorType); s.validates {
		s.Validator = typeName(t)
	}
	inside := append(slices.Clip(above), t)
	for i := range t.NumField() {
		field := t.Field(i)
		f, err := describeField(field, inside)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", typeName(t), field.Name, err)
		}
		if f == nil {
			continue
		}
		f.index = i
		for _, other := range s.Fields {
			if other.Name == f.Name && (other.Kind == KindInject) == (f.Kind == KindInject) {
				return fmt.Errorf("%s.%s: the name %q is used twice", typeName(t), field.Name, f.Name)
			}
		}
		s.Fields = append(s.Fields, f)
	}
	return nil
}

// describeField gives nil for a field that is the struct's own affair.
func describeField(field reflect.StructField, inside []reflect.Type) (*Spec, error) {
	key, isKey := field.Tag.Lookup("otai")
	service, isService := field.Tag.Lookup("inject")
	switch {
	case !field.IsExported() && (isKey || isService):
		return nil, errors.New("has a tag, but is not exported")
	case !field.IsExported() && field.Anonymous:
		return nil, errors.New("is embedded, but not exported")
	case !field.IsExported():
		return nil, nil
	case isKey && isService:
		return nil, errors.New("has both an otai and an inject tag")
	case isService:
		return describeInjection(field, service, inside)
	case isKey:
		return describeKey(field, key, inside)
	case field.Anonymous:
		return nil, errors.New(`is embedded without a tag: embedded fields are not merged, so give it a name by otai:"name"`)
	default:
		return nil, errors.New("is exported, but has neither an otai nor an inject tag")
	}
}

func describeInjection(field reflect.StructField, tag string, inside []reflect.Type) (*Spec, error) {
	name, optional, err := parseInjectTag(tag)
	if err != nil {
		return nil, err
	}
	if len(inside) > 1 {
		return nil, errors.New("a service can only be injected into the params struct itself, not into a struct inside of it")
	}
	if field.Type.Kind() != reflect.Interface {
		return nil, fmt.Errorf("%s can't be injected, because it is not an interface", typeName(field.Type))
	}
	if err := refuseTags(field, "a service", "default", "enum", "min", "max"); err != nil {
		return nil, err
	}
	return &Spec{
		Name: name, Kind: KindInject, Doc: docOf(field), Optional: optional,
		Interface: typeName(field.Type), typ: field.Type,
	}, nil
}

func describeKey(field reflect.StructField, text string, inside []reflect.Type) (*Spec, error) {
	tag, err := parseKeyTag(text)
	if err != nil {
		return nil, err
	}
	if tag.rest {
		if field.Type != anyMapType {
			return nil, errors.New("the field for the rest must be a map[string]any")
		}
		if err := refuseTags(field, "the rest", "default", "enum", "min", "max"); err != nil {
			return nil, err
		}
		return &Spec{Kind: KindRest, Doc: docOf(field), Elem: &Spec{Kind: KindAny, typ: anyType}, typ: field.Type}, nil
	}
	s, err := describe(field.Type, inside)
	if err != nil {
		return nil, err
	}
	s.Name, s.Doc, s.Required = tag.name, docOf(field), tag.required
	if tag.secret {
		if s.HoldsChildren() {
			return nil, errors.New("child pipes can't be secret")
		}
		markSecret(s)
	}
	if tag.text {
		if s.Kind != KindAny {
			return nil, errors.New("the option text is for a field of type any")
		}
		s.Text = true
	}
	if values, ok := field.Tag.Lookup("enum"); ok {
		if s.Kind != KindString {
			return nil, errors.New("only a string has an enum")
		}
		if s.Enum, err = parseEnum(values); err != nil {
			return nil, err
		}
	}
	if err := describeBounds(s, field); err != nil {
		return nil, err
	}
	return s, describeDefault(s, field)
}

func markSecret(s *Spec) {
	s.Secret = true
	if s.Elem != nil {
		markSecret(s.Elem)
	}
	for _, f := range s.Fields {
		markSecret(f)
	}
}

func describeBounds(s *Spec, field reflect.StructField) error {
	var err error
	if s.Min, err = describeBound(s.Kind, field, "min"); err != nil {
		return err
	}
	if s.Max, err = describeBound(s.Kind, field, "max"); err != nil {
		return err
	}
	if s.Min != nil && s.Max != nil && *s.Min > *s.Max {
		return errors.New("min is above max")
	}
	return nil
}

func describeBound(kind Kind, field reflect.StructField, name string) (*float64, error) {
	text, ok := field.Tag.Lookup(name)
	if !ok {
		return nil, nil
	}
	bound, err := parseBound(kind, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &bound, nil
}

func refuseTags(field reflect.StructField, what string, names ...string) error {
	for _, name := range names {
		if _, ok := field.Tag.Lookup(name); ok {
			return fmt.Errorf("%s can't have the tag %q", what, name)
		}
	}
	return nil
}

// typeName is the type with its package path, because the short form of a type
// is main.X in every plugin.
func typeName(t reflect.Type) string {
	switch {
	case t == nil:
		return "nothing"
	case t.Name() != "" && t.PkgPath() != "":
		return t.PkgPath() + "." + t.Name()
	case t.Kind() == reflect.Pointer:
		return "*" + typeName(t.Elem())
	case t.Kind() == reflect.Slice:
		return "[]" + typeName(t.Elem())
	case t.Kind() == reflect.Map:
		return "map[" + typeName(t.Key()) + "]" + typeName(t.Elem())
	default:
		return t.String()
	}
}
