package params

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Binder gives the living parts of the params.
type Binder struct {
	// Child binds the pipe at path, such as "steps[2]", which is relative to the
	// params. Without it child pipes are errors, or offline left zero.
	Child func(path string, raw any) (api.ChildPipe, error)
	// Inject answers with the service for need; nil means that none is configured.
	Inject func(need *Spec) (any, error)
	// Offline is for checking before anything runs. A string that holds "{{" or
	// "{%" is taken as right for any kind, Validate is called only on structs in
	// which no template is left, and services need not be given, so that Validate
	// can't count on them.
	Offline bool
}

// Decode makes a *P of raw, whose values are plain or as YAML and JSON decoders
// give them. It finds all faults: the error joins an [api.FieldError] for each,
// in the order of the struct, with a mapping's unknown keys after its known ones.
// What concerns the params as a whole has no place and is joined as it is; so is
// what is wrong with a service, whose text begins with "injects.NAME". See
// [Faults].
//
// Null is nil for a pointer, an any, a map and a slice. For any other field it is
// as if the key were not there: a required field is missing, else the default
// holds, else the zero value. A struct that is not there gets the defaults of its
// fields, and is not validated.
func Decode(s *Spec, raw map[string]any, b Binder) (any, error) {
	if s.typ == nil {
		return nil, errors.New("this description of params came from another process: restore it first")
	}
	d := decoder{binder: b}
	d.path = d.steps[:0]
	p := reflect.New(s.typ)
	d.object(s, mapping{plain: raw}, p.Elem())
	if len(d.faults) > 0 {
		return nil, errors.Join(d.faults...)
	}
	return p.Interface(), nil
}

type decoder struct {
	binder    Binder
	silent    bool // Validate is not called, for the defaults of a type that is being described
	templates int  // so many were met offline
	faults    []error
	path      []step
	steps     [8]step
}

// step leads to a key, or to an element where the key is empty.
type step struct {
	key   string
	index int
}

func (d *decoder) enter(key string)         { d.path = append(d.path, step{key: key}) }
func (d *decoder) enterIndex(i int)         { d.path = append(d.path, step{index: i}) }
func (d *decoder) leave()                   { d.path = d.path[:len(d.path)-1] }
func (d *decoder) failf(f string, a ...any) { d.fail(fmt.Errorf(f, a...)) }

func (s step) text() string {
	if s.key == "" {
		return indexStep(s.index)
	}
	return s.key
}

func (d *decoder) place() string {
	var path string
	for _, s := range d.path {
		path = joinPath(path, s.text())
	}
	return path
}

func (d *decoder) fail(err error) {
	if path := d.place(); path != "" {
		err = &api.FieldError{Field: path, Err: err}
	}
	d.faults = append(d.faults, err)
}

// wrong reports a value of the wrong kind, without showing a secret.
func (d *decoder) wrong(s *Spec, raw any, want string) {
	if s.Secret {
		d.failf("must be %s", want)
		return
	}
	d.fail(mismatch(raw, want))
}

// foreign reports the error of a child, a service or a Validate, which may name
// places of its own.
func (d *decoder) foreign(err error, deep bool) {
	for _, fault := range collect(nil, d.place(), err, deep) {
		if fault.Field == "" {
			d.faults = append(d.faults, fault.Err)
		} else {
			d.faults = append(d.faults, fault)
		}
	}
}

// object decodes into v, which is the struct itself.
func (d *decoder) object(s *Spec, m mapping, v reflect.Value) {
	faults, templates := len(d.faults), d.templates
	known := 0
	for _, f := range s.Fields {
		switch f.Kind {
		case KindInject:
			d.inject(f, v.Field(f.index))
		case KindRest:
		default:
			raw, given := m.get(f.Name)
			if given {
				known++
			}
			d.enter(f.Name)
			d.field(f, raw, given, v.Field(f.index))
			d.leave()
		}
	}
	if known < m.len() {
		d.otherKeys(s, m, v)
	}
	if s.validates && !d.silent && len(d.faults) == faults && d.templates == templates {
		if err := validate(v.Addr().Interface().(api.Validator)); err != nil {
			d.foreign(err, true)
		}
	}
}

// validate keeps a plugin's panic from the caller.
func validate(v api.Validator) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("can't be checked, because the plugin's Validate panicked: %v", reason)
		}
	}()
	return v.Validate()
}

func (d *decoder) field(f *Spec, raw any, given bool, v reflect.Value) {
	switch {
	case raw != nil:
		d.value(f, raw, v)
	case f.Required && given:
		d.failf("is required, but empty")
	case f.Required:
		d.failf("is required")
	case given && f.nilable():
	default:
		d.absent(f, v)
	}
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

func (d *decoder) otherKeys(s *Spec, m mapping, v reflect.Value) {
	rest := s.rest()
	var others map[string]any
	for _, key := range m.keys() {
		if s.Field(key) != nil {
			continue
		}
		d.enter(key)
		if rest == nil {
			d.fail(unknownKey(s, key, m))
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

func unknownKey(s *Spec, key string, beside mapping) error {
	if s.injection(key) != nil {
		return fmt.Errorf("unknown key: %s is a service, which is named under injects", key)
	}
	names := s.Names()
	missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, given := beside.get(name); return given })
	if near := Near(key, missing); near != "" {
		return fmt.Errorf("unknown key (did you mean %q?)", near)
	}
	if near := Near(key, names); near != "" {
		return fmt.Errorf("unknown key (%s is given already, so remove one of both)", near)
	}
	if len(names) == 0 {
		return errors.New("unknown key: there are no keys here")
	}
	return fmt.Errorf("unknown key (there are %s)", strings.Join(names, ", "))
}

func (d *decoder) inject(need *Spec, v reflect.Value) {
	fail := func(err error) {
		d.faults = append(d.faults, fmt.Errorf("injects.%s: %w", need.Name, err))
	}
	var service any
	if d.binder.Inject != nil {
		var err error
		if service, err = d.binder.Inject(need); err != nil {
			fail(err)
			return
		}
	}
	switch {
	case service != nil && reflect.TypeOf(service).Implements(need.typ):
		v.Set(reflect.ValueOf(service))
	case service != nil:
		fail(notImplemented(reflect.TypeOf(service), need.typ))
	case !need.Optional && !d.binder.Offline:
		fail(fmt.Errorf("is required: name a service there that is %s", ServiceWords(need.Interface)))
	}
}

func notImplemented(service, need reflect.Type) error {
	words := ServiceWords(typeName(need))
	for i := range need.NumMethod() {
		wanted := need.Method(i)
		found, ok := service.MethodByName(wanted.Name)
		if !ok {
			return fmt.Errorf("the service is not %s: its plugin gives it no %s", words, wanted.Name)
		}
		// The receiver is the first input of a concrete type's method.
		if !sameSignature(found.Type, wanted.Type) {
			return fmt.Errorf("the service is not %s: its %s takes or returns something else, as if its plugin was built for another version of the contract", words, wanted.Name)
		}
	}
	return fmt.Errorf("the service is not %s", words)
}

func sameSignature(method, wanted reflect.Type) bool {
	if method.NumIn() != wanted.NumIn()+1 || method.NumOut() != wanted.NumOut() || method.IsVariadic() != wanted.IsVariadic() {
		return false
	}
	for i := range wanted.NumIn() {
		if method.In(i+1) != wanted.In(i) {
			return false
		}
	}
	for i := range wanted.NumOut() {
		if method.Out(i) != wanted.Out(i) {
			return false
		}
	}
	return true
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
			d.wrong(s, raw, wantBool)
		}
		v.SetBool(value)
	case KindInt:
		d.whole(s, raw, v)
	case KindFloat:
		x, ok := toFloat(raw)
		if !ok {
			d.wrong(s, raw, wantNumber)
			return
		}
		d.bound(s, x, raw, floatText)
		v.SetFloat(x)
	case KindDuration:
		length, want := readDuration(raw)
		if want != "" {
			d.wrong(s, raw, want)
			return
		}
		d.bound(s, length.Seconds(), raw, secondsText)
		v.SetInt(int64(length))
	case KindTime:
		t, ok := toTime(raw)
		if !ok {
			d.wrong(s, raw, wantTime)
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
		d.child(raw, v)
	case KindObject:
		m, ok := asMapping(raw)
		if !ok {
			d.wrong(s, raw, "a mapping with the keys "+strings.Join(s.Names(), ", "))
			return
		}
		d.object(s, m, v)
	}
}

// leftForLater is true for a template, offline: what it yields is not known.
// Children are never rendered, so they are no templates.
func (d *decoder) leftForLater(s *Spec, raw any) bool {
	if !d.binder.Offline {
		return false
	}
	text, ok := raw.(string)
	if !ok || !isTemplate(text) || s.holdsChildren() {
		return false
	}
	d.templates++
	return true
}

func (d *decoder) text(s *Spec, raw any, v reflect.Value) {
	text, ok := toText(raw)
	if !ok {
		d.wrong(s, raw, "text")
		return
	}
	v.SetString(text)
	if s.Enum != nil && !slices.Contains(s.Enum, text) {
		want := "one of " + strings.Join(s.Enum, ", ")
		if near := Near(text, s.Enum); near != "" && !s.Secret {
			want += fmt.Sprintf(" (did you mean %q?)", near)
		}
		d.wrong(s, raw, want)
	}
	if s.Min != nil || s.Max != nil {
		d.lengthBound(s, utf8.RuneCountInString(text), "character")
	}
}

func (d *decoder) whole(s *Spec, raw any, v reflect.Value) {
	n, want := toInt(raw)
	if want == "" && v.OverflowInt(n) {
		want = wantInt(v.Type().Bits())
	}
	if want != "" {
		d.wrong(s, raw, want)
		return
	}
	d.bound(s, float64(n), raw, floatText)
	v.SetInt(n)
}

func (d *decoder) bound(s *Spec, x float64, raw any, text func(float64) string) {
	switch {
	case s.Min != nil && x < *s.Min:
		d.wrong(s, raw, "at least "+text(*s.Min))
	case s.Max != nil && x > *s.Max:
		d.wrong(s, raw, "at most "+text(*s.Max))
	}
}

// secondsText writes seconds in the way of a duration.
func secondsText(seconds float64) string {
	return time.Duration(math.Round(seconds * float64(time.Second))).String()
}

func (d *decoder) lengthBound(s *Spec, length int, unit string) {
	count := func(n int) string {
		switch {
		case n == 1:
			return "1 " + unit
		case strings.HasSuffix(unit, "y"):
			return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(unit, "y"))
		default:
			return fmt.Sprintf("%d %ss", n, unit)
		}
	}
	switch {
	case s.Min != nil && float64(length) < *s.Min:
		d.failf("has %s but must have at least %s", count(length), floatText(*s.Min))
	case s.Max != nil && float64(length) > *s.Max:
		d.failf("has %s but must have at most %s", count(length), floatText(*s.Max))
	}
}

// anything makes raw plain, for a field that takes any value.
func (d *decoder) anything(raw any) any {
	if d.binder.Offline {
		d.countTemplates(raw)
	}
	plain, err := Plain(raw)
	if err != nil {
		d.foreign(err, false)
	}
	return plain
}

func (d *decoder) countTemplates(raw any) {
	switch x := raw.(type) {
	case string:
		if isTemplate(x) {
			d.templates++
		}
	case []any:
		for _, element := range x {
			d.countTemplates(element)
		}
	default:
		if m, ok := asMapping(raw); ok {
			for _, key := range m.keys() {
				element, _ := m.get(key)
				d.countTemplates(element)
			}
		}
	}
}

func (d *decoder) list(s *Spec, raw any, v reflect.Value) {
	elements, ok := raw.([]any)
	if !ok {
		d.wrong(s, raw, "a list")
		return
	}
	d.lengthBound(s, len(elements), "entry")
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
		d.wrong(s, raw, "a mapping")
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
		d.failf("is empty")
	}
}

func (d *decoder) child(raw any, v reflect.Value) {
	if d.binder.Child == nil {
		if !d.binder.Offline {
			d.failf("is a child pipe, which is not possible here")
		}
		return
	}
	child, err := d.binder.Child(d.place(), raw)
	if err != nil {
		d.foreign(err, false)
		return
	}
	*v.Addr().Interface().(*api.ChildPipe) = child
}
