package store

import (
	"slices"
	"strconv"
	"strings"
)

// FieldKind says what values a dynamic field takes.
type FieldKind int

const (
	// FieldText takes any text; date and time fields are kept as text too.
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

func (c *Catalog) Field(name string) (DynamicField, bool) {
	for _, f := range c.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return DynamicField{}, false
}

// SetField keeps the fields sorted by name, as answers list them.
func (c *Catalog) SetField(f DynamicField) {
	i, found := slices.BinarySearchFunc(c.Fields, f, func(a, b DynamicField) int { return strings.Compare(a.Name, b.Name) })
	if found {
		c.Fields[i] = f
		return
	}
	c.Fields = slices.Insert(c.Fields, i, f)
}

// SameValue compares two values of one dynamic field.
func SameValue(a, b any) bool {
	return (a == nil) == (b == nil) && slices.Equal(FieldTexts(a), FieldTexts(b))
}

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
