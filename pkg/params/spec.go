package params

import "reflect"

// Kind says what type of value a param takes, in the terms of a configuration.
type Kind string

// The kinds of a [Spec].
const (
	KindString   Kind = "string"   // a text
	KindBool     Kind = "bool"     // yes or no
	KindInt      Kind = "int"      // a whole number
	KindFloat    Kind = "float"    // a number
	KindDuration Kind = "duration" // a time.Duration, as [ParseDuration] reads it
	KindTime     Kind = "time"     // a time.Time: RFC 3339, or a date
	KindAny      Kind = "any"      // any plain value
	KindObject   Kind = "object"   // a struct: a mapping with declared keys
	KindList     Kind = "list"     // a slice: any number of values of one kind
	KindMap      Kind = "map"      // a mapping with keys of the user's choice
	KindChild    Kind = "child"    // an api.ChildPipe: a pipe inside the params
	KindInject   Kind = "inject"   // a service; it is not a key of the params
	KindRest     Kind = "rest"     // the field for the keys that no other field declares
)

// Spec describes a params struct, or one of its fields, elements or services, as plain
// data. The comment on a field says for which kinds it is set; otherwise it is zero.
type Spec struct {
	Name      string   `json:"name,omitempty"`      // the key, or the name of an injection; "" for an element and for the struct itself
	Kind      Kind     `json:"kind"`                // the type of the value
	Doc       string   `json:"doc,omitempty"`       // the tag doc
	Default   *string  `json:"default,omitempty"`   // the tag default, as written; nil if there is none
	Required  bool     `json:"required,omitempty"`  // the key must be present and not null
	Secret    bool     `json:"secret,omitempty"`    // must not be shown; also set for everything inside
	Optional  bool     `json:"optional,omitempty"`  // for an injection and a pointer: may be nil
	Enum      []string `json:"enum,omitempty"`      // for a string: the allowed values; nil allows any
	Min       *float64 `json:"min,omitempty"`       // lower bound, included: of a number, a duration in seconds, the length of a string or list
	Max       *float64 `json:"max,omitempty"`       // upper bound, included, of the same
	Interface string   `json:"interface,omitempty"` // for an injection: the interface with its package path
	Fields    []*Spec  `json:"fields,omitempty"`    // for an object, in the order of the struct
	Elem      *Spec    `json:"elem,omitempty"`      // for a list, a map or the rest: its elements
	Bits      int      `json:"bits,omitempty"`      // for an int of fewer than 64 bits: how many
	Text      bool     `json:"text,omitempty"`      // for any: a text in it stays one, even if it looks like a number
	Validator string   `json:"validator,omitempty"` // for an object that is an api.Validator: its type with package path

	typ       reflect.Type  // as declared: a pointer where Optional
	index     int           // place in the struct
	validates bool          // typ has the Validator's method
	preset    reflect.Value // the default of a kind whose values can't be changed from elsewhere
	fallback  any           // the default of any other kind, to be decoded anew for each use
}

// Type returns the Go type that s describes, nil for a Spec that was read from JSON.
// After [Restore], it is a generated type with the same keys.
func (s *Spec) Type() reflect.Type { return s.typ }

// Field returns the description of the key name, or nil if no field declares it.
// Injections and the field for the rest are not keys.
func (s *Spec) Field(name string) *Spec {
	for _, f := range s.Fields {
		if f.Name == name && f.isKey() {
			return f
		}
	}
	return nil
}

// Names returns the keys that an object declares, in the order of the struct.
func (s *Spec) Names() []string {
	names := make([]string, 0, len(s.Fields))
	for _, f := range s.Fields {
		if f.isKey() {
			names = append(names, f.Name)
		}
	}
	return names
}

// Rest reports whether an object accepts keys that no field declares.
func (s *Spec) Rest() bool { return s.rest() != nil }

// Injections returns the services that an object needs, in the order of the struct.
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

// HoldsChildren reports whether s is a child pipe, or a list or map of them, which are
// never rendered. A nil s is not.
func (s *Spec) HoldsChildren() bool {
	for s != nil && (s.Kind == KindList || s.Kind == KindMap) {
		s = s.Elem
	}
	return s != nil && s.Kind == KindChild
}

// takesText is true where a template's text is wanted and not its value.
func (s *Spec) takesText() bool {
	return s.Kind == KindString || s.Kind == KindDuration || s.Kind == KindTime
}

// keepsText is true where either a mapping is wanted or the text.
func (s *Spec) keepsText() bool { return s.Kind == KindAny && s.Text }

// nilable is true where null is a value of its own.
func (s *Spec) nilable() bool {
	return s.Optional || s.Kind == KindAny || s.Kind == KindMap || s.Kind == KindList
}
