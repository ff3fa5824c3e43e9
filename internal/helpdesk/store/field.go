package store

import (
	"slices"
	"strconv"
	"strings"
)

// FieldKind is what values a dynamic field takes.
type FieldKind int

// The kinds of dynamic fields.
const (
	// FieldText takes any text. Dates and times are texts too.
	FieldText FieldKind = iota
	// FieldCheckbox takes 0 and 1 and is shown as a number.
	FieldCheckbox
	// FieldDropdown takes one of the field's Values.
	FieldDropdown
	// FieldMultiselect takes some of the field's Values and is shown as a list.
	FieldMultiselect
)

var fieldKindNames = []string{FieldText: "text", FieldCheckbox: "checkbox", FieldDropdown: "dropdown", FieldMultiselect: "multiselect"}

// MarshalText names the kind: text, checkbox, dropdown or multiselect.
func (k FieldKind) MarshalText() ([]byte, error) { return nameOf(fieldKindNames, int(k)) }

// UnmarshalText reads what MarshalText writes.
func (k *FieldKind) UnmarshalText(text []byte) error {
	return numberOf(fieldKindNames, text, (*int)(k))
}

// DynamicField is a field that the administrator of a help desk added to its tickets.
type DynamicField struct {
	Name   string    `json:"name"`
	Kind   FieldKind `json:"kind"`
	Values []string  `json:"values,omitempty"`
}

// Field returns the dynamic field with the name, and whether there is one.
func (c *Catalog) Field(name string) (DynamicField, bool) {
	for _, f := range c.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return DynamicField{}, false
}

// SetField adds a dynamic field or replaces the one with its name. Fields stay sorted by name, as answers list them.
func (c *Catalog) SetField(f DynamicField) {
	i, found := slices.BinarySearchFunc(c.Fields, f, func(a, b DynamicField) int { return strings.Compare(a.Name, b.Name) })
	if found {
		c.Fields[i] = f
		return
	}
	c.Fields = slices.Insert(c.Fields, i, f)
}

// SameValue reports whether two values of a dynamic field are equal.
func SameValue(a, b any) bool {
	return (a == nil) == (b == nil) && slices.Equal(FieldTexts(a), FieldTexts(b))
}

// FieldTexts returns a value of a dynamic field as texts, none for one that isn't set.
func FieldTexts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case int64:
		return []string{strconv.FormatInt(v, 10)}
	case []string:
		return v
	default:
		return nil
	}
}
