package hfjson

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Component is any part of tokenizer.json that has a type, such as a normalizer.
type Component struct {
	Type string
	text json.RawMessage
}

// IsNull reports whether the component is absent.
func (p *Component) IsNull() bool { return len(p.text) == 0 || string(p.text) == "null" }

// Read decodes the members that the component has because of its type.
func (p *Component) Read(to any) error { return Unmarshal(p.text, to) }

// ParseComponent reads the type of a component, which is nested depth deep in sequences.
func ParseComponent(text json.RawMessage, depth int) (p Component, err error) {
	p.text = text
	if depth > MaxDepth {
		return p, errors.New("sequences nested too deep")
	}
	if p.IsNull() {
		return p, nil
	}
	var head struct {
		Type string `json:"type"`
	}
	if err := Unmarshal(text, &head); err != nil {
		return p, err
	}
	p.Type = head.Type
	return p, nil
}

// Unsupported is the error for a component whose type isn't one of those listed.
func Unsupported(kind, those string) error {
	return fmt.Errorf("type is %.100q; supported are %s", kind, those)
}

// Unmarshal is json.Unmarshal, with an error that is for the file's author.
func Unmarshal(text []byte, to any) error {
	err := json.Unmarshal(text, to)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Errorf("%.200s can't be of the type %.80s", kind.Field, kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("it can't be of the type %.80s", kind.Value)
	}
	return err
}
