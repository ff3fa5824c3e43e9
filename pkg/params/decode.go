package params

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// Binder provides what params contain besides values: child pipes and services. A host
// or a test passes it to [Decode]. The zero Binder knows no services and makes no child
// pipes.
type Binder struct {
	// Child makes a child pipe from raw, what the configuration has at path, such as
	// "steps[2]", relative to the params. An error is reported as [CodeChild]. If Child
	// is nil, child pipes are errors, or offline left zero.
	Child func(path Path, raw any) (api.ChildPipe, error)
	// Inject returns the service for need, which is of [KindInject], or nil if none is
	// configured. An error is reported as [CodeInjection]. If Inject is nil, there are
	// no services.
	Inject func(need *Spec) (any, error)
	// Offline is for checking before anything runs. A string with a template
	// ([HasTemplate]) is accepted for any kind, Validate is called only on structs in
	// which no template is left, and services may be missing, so that Validate can't
	// rely on them.
	Offline bool
	// Rendered is for values that templates have yielded. They may be a customer's texts,
	// so what is wrong with one is said without it.
	Rendered bool
}

// Decode makes a *P, a pointer to the params struct that s describes, from raw, whose
// values are plain or as YAML and JSON decoders return them.
//
// It reports everything that is wrong at once: the error joins an [api.FieldError] for
// each mistake, in the order of the struct, with a mapping's unknown keys after its
// known ones. A mistake of the params as a whole, or of a service ("injects.NAME: …"),
// has no place in the params and is joined without a FieldError. [Diagnostics] takes
// the error apart.
//
// Null is nil for a pointer, an any, a map and a slice. For any other field, it is as
// if the key were missing: an error if the field is required, otherwise the default,
// otherwise the zero value. A struct that is missing gets the defaults of its fields
// and is not validated.
func Decode(s *Spec, raw map[string]any, b Binder) (any, error) {
	if s.typ == nil {
		return nil, errors.New("this description of params came from another process: restore it first")
	}
	d := decoder{binder: b}
	d.path = d.steps[:0]
	p := reflect.New(s.typ)
	d.object(s, mapping{plain: raw}, p.Elem())
	if len(d.found) > 0 {
		errs := make([]error, len(d.found))
		for i, found := range d.found {
			errs[i] = found.withPath()
		}
		return nil, errors.Join(errs...)
	}
	return p.Interface(), nil
}

type decoder struct {
	binder    Binder
	silent    bool // Validate is not called, for the defaults of a type that is being described
	templates int  // how many were met offline
	found     []Diagnostic
	path      Path
	steps     [8]Step // holds most paths
}

func (d *decoder) enter(key string) { d.path = append(d.path, Step{key: key}) }
func (d *decoder) enterIndex(i int) { d.path = append(d.path, IndexStep(i)) }
func (d *decoder) leave()           { d.path = d.path[:len(d.path)-1] }

// place is a copy of the path, for others to keep.
func (d *decoder) place() Path { return slices.Clone(d.path) }

// report adds what is wrong at the path.
func (d *decoder) report(found Diagnostic) {
	found.Path = d.place()
	d.found = append(d.found, found)
}

// wrong reports a value that is not what s wants.
func (d *decoder) wrong(code Code, s *Spec, raw any, w want) {
	d.report(mismatch(code, s, d.quoted(raw), w))
}

// quoted is a raw value as a message may have it.
func (d *decoder) quoted(raw any) any {
	if d.binder.Rendered {
		return unseen{raw}
	}
	return raw
}

// foreign reports the error of a child or a Validate, which may name places of its
// own in raw.
func (d *decoder) foreign(code Code, err error, raw any, deep bool) {
	c := collector{code: code, raw: raw}
	c.collect(nil, err, deep)
	at := d.place()
	for _, found := range c.found {
		found.Path = at.Join(found.Path)
		d.found = append(d.found, found)
	}
}

// object decodes into v, which is the struct itself.
func (d *decoder) object(s *Spec, m mapping, v reflect.Value) {
	before, templates := len(d.found), d.templates
	left := m.len() // keys that no field has taken yet
	for _, f := range s.Fields {
		switch f.Kind {
		case KindInject:
			d.inject(f, v.Field(f.index))
		case KindRest:
		default:
			var raw any
			given := false
			if left > 0 {
				raw, given = m.get(f.Name)
			}
			if given {
				left--
			}
			d.enter(f.Name)
			d.field(f, raw, given, v.Field(f.index))
			d.leave()
		}
	}
	if left > 0 {
		d.otherKeys(s, m, v)
	}
	if s.validates && !d.silent && len(d.found) == before && d.templates == templates {
		if err := validate(v.Addr().Interface().(api.Validator)); err != nil {
			code := CodeValidate
			if errors.As(err, new(*brokenError)) {
				code = CodeBroken
			}
			d.foreign(code, err, m.any(), true)
		}
	}
}

// validateWithin is how long one Validate may take, which only looks.
const validateWithin = 10 * time.Second

// validate keeps from the caller however a plugin's Validate ends.
func validate(v api.Validator) error {
	if t := reflect.TypeOf(v); freeze.Known(t) || t == entityType {
		return v.Validate()
	}
	err := freeze.Call(validateWithin, v.Validate)
	switch broken := err.(type) { //nolint:errorlint // what Call itself returns
	case *freeze.PanicError:
		if broken.Doing != "" {
			return &brokenError{fmt.Sprintf("of what the plugin's Validate returned: %s panicked: %s", broken.Doing, broken.Value), err}
		}
		return &brokenError{"the plugin's Validate panicked: " + broken.Value, err}
	case *freeze.StuckError:
		return &brokenError{"the plugin's Validate " + broken.Error(), err}
	}
	if errors.Is(err, freeze.ErrGoexit) {
		return &brokenError{"the plugin's Validate " + err.Error(), err}
	}
	return err
}

// brokenError is about a Validate that did not return as it should.
type brokenError struct {
	why string
	err error
}

func (e *brokenError) Error() string { return "can't be checked, because " + e.why }
func (e *brokenError) Unwrap() error { return e.err }

var entityType = reflect.TypeFor[*api.Entity]()

func (d *decoder) field(f *Spec, raw any, given bool, v reflect.Value) {
	switch {
	case raw != nil:
		d.value(f, raw, v)
	case f.Required:
		d.report(missing(f, given))
	case given && f.nilable():
	default:
		d.absent(f, v)
	}
}

func (d *decoder) otherKeys(s *Spec, m mapping, v reflect.Value) {
	rest := s.rest()
	var others map[string]any
	for _, key := range m.keys() {
		if s.Field(key) != nil {
			continue
		}
		d.enter(key)
		if rest == nil {
			d.report(unknownKey(s, key, m))
		} else {
			if others == nil {
				others = make(map[string]any)
			}
			raw, _ := m.get(key)
			others[key] = d.anything(raw)
		}
		d.leave()
	}
	if rest != nil {
		v.Field(rest.index).Set(reflect.ValueOf(others))
	}
}

// value decodes raw, which is not nil, into v.
func (d *decoder) value(s *Spec, raw any, v reflect.Value) {
	if huge, ok := raw.(*big.Int); ok {
		raw = huge.String()
	}
	if d.leftForLater(s, raw) {
		return
	}
	if s.Optional {
		v.Set(reflect.New(s.typ.Elem()))
		v = v.Elem()
	}
	switch s.Kind {
	case KindString:
		d.text(s, raw, v)
	case KindBool:
		value, ok := toBool(raw)
		if !ok {
			d.wrong(CodeBadBool, s, raw, wantBool)
		}
		v.SetBool(value)
	case KindInt:
		d.whole(s, raw, v)
	case KindFloat:
		x, ok := toFloat(raw)
		if !ok {
			d.wrong(CodeBadNumber, s, raw, wantNumber)
			return
		}
		d.bound(s, x, raw, floatText)
		v.SetFloat(x)
	case KindDuration:
		length, wanted := readDuration(raw)
		if wanted != "" {
			d.wrong(CodeBadDuration, s, raw, want{words: wanted})
			return
		}
		d.bound(s, length.Seconds(), raw, secondsText)
		v.SetInt(int64(length))
	case KindTime:
		t, ok := toTime(raw)
		if !ok {
			d.wrong(CodeBadTime, s, raw, wantTime)
			return
		}
		*v.Addr().Interface().(*time.Time) = t
	case KindAny:
		if plain := d.anything(raw); plain != nil {
			v.Set(reflect.ValueOf(plain))
		}
	case KindList:
		d.list(s, raw, v)
	case KindMap:
		d.mapOf(s, raw, v)
	case KindChild:
		d.child(s, raw, v)
	case KindObject:
		m, ok := asMapping(raw)
		if !ok {
			d.wrong(CodeWrongKind, s, raw, wantKeys(s))
			return
		}
		d.object(s, m, v)
	}
}

// leftForLater is true for a template, offline: what it yields is not known.
// Children are never rendered, so they are not templates.
func (d *decoder) leftForLater(s *Spec, raw any) bool {
	if !d.binder.Offline {
		return false
	}
	text, ok := raw.(string)
	if !ok || !HasTemplate(text) || s.HoldsChildren() {
		return false
	}
	d.templates++
	return true
}

func (d *decoder) text(s *Spec, raw any, v reflect.Value) {
	text, ok := toText(raw)
	if !ok {
		d.wrong(CodeWrongKind, s, raw, wantText)
		return
	}
	v.SetString(text)
	if s.Enum != nil && !slices.Contains(s.Enum, text) {
		d.report(notInEnum(s, text, d.quoted(raw)))
	}
	if s.Min != nil || s.Max != nil {
		d.lengthBound(s, utf8.RuneCountInString(text), "character", "characters")
	}
}

func (d *decoder) whole(s *Spec, raw any, v reflect.Value) {
	n, wanted := toInt(raw)
	if wanted == "" && v.OverflowInt(n) {
		wanted = wantInt(v.Type().Bits())
	}
	if wanted != "" {
		d.wrong(CodeBadNumber, s, raw, want{words: wanted})
		return
	}
	d.bound(s, float64(n), raw, floatText)
	v.SetInt(n)
}

func (d *decoder) bound(s *Spec, x float64, raw any, text func(float64) string) {
	if _, out := outOfBounds(s, x, nil, text); out {
		found, _ := outOfBounds(s, x, d.quoted(raw), text)
		d.report(found)
	}
}

func (d *decoder) lengthBound(s *Spec, length int, one, many string) {
	if s.Min == nil && s.Max == nil {
		return
	}
	if found, bad := badLength(s, length, one, many); bad {
		d.report(found)
	}
}

// anything makes raw plain, for a field that takes any value.
func (d *decoder) anything(raw any) any {
	if d.binder.Offline {
		d.countTemplates(raw)
	}
	plain, err := Plain(raw)
	if err != nil {
		d.foreign(CodeNotPlain, err, raw, false)
	}
	return plain
}

func (d *decoder) countTemplates(raw any) {
	Walk(anySpec, raw, func(p *Place) Next {
		if text, ok := p.Value.(string); ok && HasTemplate(text) {
			d.templates++
		}
		return Into
	})
}

func (d *decoder) list(s *Spec, raw any, v reflect.Value) {
	elements, ok := raw.([]any)
	if !ok {
		d.wrong(CodeWrongKind, s, raw, wantList)
		return
	}
	if s.Min != nil || s.Max != nil {
		d.lengthBound(s, len(elements), "entry", "entries")
	}
	v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
	for i, element := range elements {
		d.enterIndex(i)
		d.element(s.Elem, element, v.Index(i))
		d.leave()
	}
}

func (d *decoder) mapOf(s *Spec, raw any, v reflect.Value) {
	m, ok := asMapping(raw)
	if !ok {
		d.wrong(CodeWrongKind, s, raw, wantMapping)
		return
	}
	keys := m.keys()
	if v.Type() == anyMapType {
		out := make(map[string]any, len(keys))
		for _, key := range keys {
			element, _ := m.get(key)
			d.enter(key)
			out[key] = d.anything(element)
			d.leave()
		}
		*v.Addr().Interface().(*map[string]any) = out
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(keys))
	for _, key := range keys {
		raw, _ := m.get(key)
		element := reflect.New(s.Elem.typ).Elem()
		d.enter(key)
		d.element(s.Elem, raw, element)
		d.leave()
		out.SetMapIndex(reflect.ValueOf(key), element)
	}
	v.Set(out)
}

// element decodes into an element of a list or map, which has no default: null
// is only right where it can be kept.
func (d *decoder) element(s *Spec, raw any, v reflect.Value) {
	switch {
	case raw != nil || s.Kind == KindChild:
		d.value(s, raw, v)
	case s.Optional || s.Kind == KindAny:
	default:
		d.report(empty(s))
	}
}

func (d *decoder) child(s *Spec, raw any, v reflect.Value) {
	if d.binder.Child == nil {
		if !d.binder.Offline {
			d.report(noChildren(s))
		}
		return
	}
	child, err := d.binder.Child(d.place(), raw)
	if err != nil {
		d.foreign(CodeChild, err, raw, false)
		return
	}
	*v.Addr().Interface().(*api.ChildPipe) = child
}
