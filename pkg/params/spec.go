package params

import "reflect"

// Kind says what a value is.
type Kind string

// The kinds of a [Spec].
const (
	KindString   Kind = "string"
	KindBool     Kind = "bool"
	KindInt      Kind = "int"
	KindFloat    Kind = "float"
	KindDuration Kind = "duration"
	KindTime     Kind = "time"
	KindAny      Kind = "any"    // any plain value
	KindObject   Kind = "object" // a struct: declared keys
	KindList     Kind = "list"
	KindMap      Kind = "map"    // keys of the user's choice
	KindChild    Kind = "child"  // a pipe inside the params
	KindInject   Kind = "inject" // a service
	KindRest     Kind = "rest"   // the keys that no other field declares
)

// Spec describes a params struct, or a value in it, by plain data.
type Spec struct {
	Name      string   `json:"name,omitempty"` // key or, of an injection, its name; "" for an element and for the struct itself
	Kind      Kind     `json:"kind"`
	Doc       string   `json:"doc,omitempty"`
	Default   *string  `json:"default,omitempty"` // as it is written in the tag
	Required  bool     `json:"required,omitempty"`
	Secret    bool     `json:"secret,omitempty"`    // holds for all that is inside, too
	Optional  bool     `json:"optional,omitempty"`  // of an injection and of a pointer: may be nil
	Enum      []string `json:"enum,omitempty"`      // the only values of a string
	Min       *float64 `json:"min,omitempty"`       // of a number, of a duration in seconds, of the length of a string or list
	Max       *float64 `json:"max,omitempty"`       // as Min
	Interface string   `json:"interface,omitempty"` // of an injection: the interface with its package path
	Fields    []*Spec  `json:"fields,omitempty"`    // of an object, in the order of the struct
	Elem      *Spec    `json:"elem,omitempty"`      // of a list, a map or the rest
	Bits      int      `json:"bits,omitempty"`      // of an int that has fewer than 64
	Validator string   `json:"validator,omitempty"` // of an object: its type with package path, where that or the pointer to it is an api.Validator

	typ       reflect.Type  // as declared: a pointer where Optional
	index     int           // place in the struct
	validates bool          // typ has the Validator's method
	preset    reflect.Value // the default of a kind whose values can't be changed from elsewhere
	fallback  any           // the default of any other kind, to be decoded anew for each use
}

// Type is the Go type that s describes. It is nil after a trip through JSON, and
// one of its own after [Restore].
func (s *Spec) Type() reflect.Type { return s.typ }

// Field returns the declared key of that name, or nil. Injections and the field
// for the rest are not keys.
func (s *Spec) Field(name string) *Spec {
	for _, f := range s.Fields {
		if f.Name == name && f.isKey() {
			return f
		}
	}
	return nil
}

// Names returns the declared keys in order.
func (s *Spec) Names() []string {
	names := make([]string, 0, len(s.Fields))
	for _, f := range s.Fields {
		if f.isKey() {
			names = append(names, f.Name)
		}
	}
	return names
}

// Rest reports whether keys that are not declared are welcome.
func (s *Spec) Rest() bool { return s.rest() != nil }

// Injections returns the services that the params need.
func (s *Spec) Injections() []*Spec {
	var needs []*Spec
	for _, f := range s.Fields {
		if f.Kind == KindInject {
			needs = append(needs, f)
		}
	}
	return needs
}

func (s *Spec) isKey() bool { return s.Kind != KindInject && s.Kind != KindRest }

func (s *Spec) rest() *Spec {
	for _, f := range s.Fields {
		if f.Kind == KindRest {
			return f
		}
	}
	return nil
}

func (s *Spec) injection(name string) *Spec {
	for _, f := range s.Fields {
		if f.Kind == KindInject && f.Name == name {
			return f
		}
	}
	return nil
}

// holdsChildren is true for a child and for lists and maps of children, which
// are never rendered.
func (s *Spec) holdsChildren() bool {
	for s.Kind == KindList || s.Kind == KindMap {
		s = s.Elem
	}
	return s.Kind == KindChild
}

// takesText is true where a template's text is wanted and not its value.
func (s *Spec) takesText() bool {
	return s.Kind == KindString || s.Kind == KindDuration || s.Kind == KindTime
}

// nilable is true where null is a value of its own.
func (s *Spec) nilable() bool {
	return s.Optional || s.Kind == KindAny || s.Kind == KindMap || s.Kind == KindList
}
