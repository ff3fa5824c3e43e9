package jinja

// list is a list that its methods can change: append and its like. Lists are of
// this type only in templates that call such a method (see changes); there the
// values of the scope are copied when they are first read, so that a template
// changes what is its own and nothing else.
type list struct{ items []any }

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

// asList is v as a list, tuples excluded.
func asList(v any) ([]any, bool) {
	switch l := v.(type) {
	case []any:
		return l, true
	case *list:
		return l.items, true
	}
	return nil, false
}

// own makes a list that was just built one that can be changed, where the
// template does so.
func (r *state) own(v any) any {
	if items, ok := v.([]any); ok && r.mutable {
		return &list{items}
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
	c, err := r.copied(v)
	if err != nil {
		return nil, err
	}
	if r.copies == nil {
		r.copies = map[string]any{}
	}
	r.copies[name] = c
	return c, nil
}

// copied is v with all lists and mappings in it copied.
func (r *budget) copied(v any) (any, error) {
	if err := r.tick(1); err != nil {
		return nil, err
	}
	if isScalar(v) {
		return v, nil
	}
	if err := r.enter("a value"); err != nil {
		return nil, err
	}
	defer r.leave()
	if items, ok := asList(v); ok {
		l := &list{make([]any, len(items))}
		for i := range items {
			c, err := r.copied(items[i])
			if err != nil {
				return nil, err
			}
			l.items[i] = c
		}
		return l, nil
	}
	pairs, ok := pairsOf(v)
	if !ok {
		return v, nil
	}
	d := sizedDict(len(pairs))
	for _, p := range pairs {
		c, err := r.copied(p.val)
		if err != nil {
			return nil, err
		}
		if err := d.set(p.key, c); err != nil {
			return nil, err
		}
	}
	return d, nil
}
