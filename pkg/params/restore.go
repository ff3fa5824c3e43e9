package params

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Restore makes a copy of a Spec that was read from JSON, with which [Decode] works, so
// that params can be checked in a process that doesn't have the plugin's types: the copy
// has generated types with the same keys. The plugin's code is missing there: a struct's
// Validate is called only if it belongs to package api; [Spec.Unchecked] reports whether
// there are others. Services can't be bound.
func Restore(s *Spec) (*Spec, error) {
	if s == nil || s.Kind != KindObject {
		return nil, errors.New("this is not a description of params")
	}
	return restore(s, 0)
}

// Unchecked reports whether s, or a struct inside it, has a Validate that this process
// can't call, because it is the plugin's code.
func (s *Spec) Unchecked() bool {
	if s == nil {
		return false
	}
	if s.Validator != "" && !s.validates || s.Elem.Unchecked() {
		return true
	}
	for _, f := range s.Fields {
		if f.Unchecked() {
			return true
		}
	}
	return false
}

func restore(s *Spec, depth int) (*Spec, error) {
	switch {
	case s == nil:
		return nil, errors.New("a part of the description is missing")
	case depth > deepest:
		return nil, errors.New("the description is nested too deeply")
	}
	out := *s
	err := out.restoreType(depth)
	if err == nil && s.Optional && s.Kind != KindInject {
		out.typ = reflect.PointerTo(out.typ)
	}
	if err == nil && s.Default != nil {
		err = out.readDefault()
	}
	if err != nil {
		if s.Name == "" {
			return nil, err
		}
		return nil, underKey(s.Name, err)
	}
	return &out, nil
}

func (s *Spec) restoreType(depth int) (err error) {
	switch s.Kind {
	case KindString:
		s.typ = stringType
	case KindBool:
		s.typ = reflect.TypeFor[bool]()
	case KindInt:
		s.typ, err = intType(s.Bits)
	case KindFloat:
		s.typ = reflect.TypeFor[float64]()
	case KindDuration:
		s.typ = durationType
	case KindTime:
		s.typ = timeType
	case KindChild:
		s.typ = childType
	case KindAny, KindInject:
		s.typ = anyType
	case KindRest:
		s.typ = anyMapType
		s.Elem, err = restore(s.Elem, depth+1)
	case KindList:
		if s.Elem, err = restore(s.Elem, depth+1); err == nil {
			s.typ = reflect.SliceOf(s.Elem.typ)
		}
	case KindMap:
		if s.Elem, err = restore(s.Elem, depth+1); err == nil {
			s.typ = reflect.MapOf(stringType, s.Elem.typ)
		}
	case KindObject:
		err = s.restoreStruct(depth)
	default:
		err = fmt.Errorf("the kind %q is not known", s.Kind)
	}
	return err
}

func intType(bits int) (reflect.Type, error) {
	switch bits {
	case 0:
		return reflect.TypeFor[int64](), nil
	case 8:
		return reflect.TypeFor[int8](), nil
	case 16:
		return reflect.TypeFor[int16](), nil
	case 32:
		return reflect.TypeFor[int32](), nil
	}
	return nil, fmt.Errorf("there are no whole numbers of %d bits", bits)
}

func (s *Spec) restoreStruct(depth int) error {
	if entity := reflect.TypeFor[api.Entity](); s.Validator == typeName(entity) {
		known, err := describe(entity, nil)
		if err != nil {
			return err
		}
		if s.Secret {
			markSecret(known)
		}
		s.typ, s.Fields, s.validates = entity, known.Fields, true
		return nil
	}
	fields := make([]*Spec, len(s.Fields))
	types := make([]reflect.StructField, len(s.Fields))
	for i, f := range s.Fields {
		field, err := restore(f, depth+1)
		if err != nil {
			return err
		}
		field.index = i
		fields[i] = field
		types[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: field.typ}
	}
	s.typ, s.Fields = reflect.StructOf(types), fields
	return nil
}
