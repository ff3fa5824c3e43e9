package jinja

import (
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// changingMethods are the methods of lists and mappings that change their object.
var changingMethods = map[string]bool{
	"append": true, "extend": true, "insert": true, "pop": true, "remove": true, "clear": true, "sort": true, "reverse": true,
	"update": true, "popitem": true, "setdefault": true,
}

// changes reports whether a source may call a method that changes its object.
func changes(tokens []token) bool {
	for i, t := range tokens {
		switch {
		case !changingMethods[t.text]:
		case t.kind == stringToken, t.kind == nameToken && i > 0 && tokens[i-1].kind == operatorToken && tokens[i-1].text == ".":
			return true
		}
	}
	return false
}

// own makes a list that was just built one that can be changed, where the
// template does so.
func (r *state) own(v any) any {
	if items, ok := v.([]any); ok && r.mutable {
		return &value.MutableList{Items: items}
	}
	return v
}

// read is a value of the scope as the template may see it. name is what it is
// remembered under, so that a second look sees what was changed.
func (r *state) read(name string, v any) (any, error) {
	if !r.mutable {
		return v, nil
	}
	if c, ok := r.copies[name]; ok {
		return c, nil
	}
	c, err := value.DeepCopy(r.Budget, v)
	if err != nil {
		return nil, err
	}
	if r.copies == nil {
		r.copies = map[string]any{}
	}
	r.copies[name] = c
	return c, nil
}
