package jinja

import "errors"

// listMethods are those of lists and tuples that change nothing.
func listMethods() []*method {
	return []*method{
		{signature{name: "index", params: []string{"value"}, required: 1}, func(r *run, self any, a args) (any, error) {
			list, _ := asSequence(self)
			for i, element := range list {
				if same, err := r.equal(element, a.values[0]); same || err != nil {
					return int64(i), err
				}
			}
			return nil, errors.New("the value is not in the list")
		}},
		{signature{name: "count", params: []string{"value"}, required: 1}, func(r *run, self any, a args) (any, error) {
			list, _ := asSequence(self)
			found := int64(0)
			for _, element := range list {
				same, err := r.equal(element, a.values[0])
				if err != nil {
					return nil, err
				}
				if same {
					found++
				}
			}
			return found, nil
		}},
		{signature{name: "copy"}, func(_ *run, self any, _ args) (any, error) { return self, nil }},
		unchangeable("append", "a + [b]"),
		unchangeable("extend", "a + b"),
		unchangeable("insert", "a + b"),
		unchangeable("remove", "a | reject('eq', b) | list"),
		unchangeable("pop", "a[:-1]"),
		unchangeable("clear", "[]"),
		unchangeable("sort", "a | sort"),
		unchangeable("reverse", "a | reverse | list"),
	}
}

// dictMethods are those of mappings that change nothing.
func dictMethods() []*method {
	return []*method{
		{signature{name: "get", params: []string{"key", "default"}, required: 1}, func(_ *run, self any, a args) (any, error) {
			v, ok, err := member(self, a.values[0])
			if !ok && err == nil {
				return a.at(1, nil), nil
			}
			return v, err
		}},
		{signature{name: "keys"}, func(r *run, self any, _ args) (any, error) {
			keys, _ := mappingKeys(self)
			return &view{"keys", keys}, r.tick(len(keys))
		}},
		{signature{name: "values"}, func(r *run, self any, _ args) (any, error) {
			pairs, _ := pairsOf(self)
			values := make([]any, len(pairs))
			for i, p := range pairs {
				values[i] = p.val
			}
			return &view{"values", values}, r.tick(len(values))
		}},
		{signature{name: "items"}, func(r *run, self any, _ args) (any, error) {
			pairs, _ := pairsOf(self)
			return &view{"items", itemTuples(pairs)}, r.tick(len(pairs))
		}},
		{signature{name: "copy"}, func(_ *run, self any, _ args) (any, error) { return self, nil }},
		unchangeable("update", "dict(a, key=value)"),
		unchangeable("pop", "a.get(key)"),
		unchangeable("popitem", "a.items() | list"),
		unchangeable("setdefault", "a.get(key, value)"),
		unchangeable("clear", "{}"),
	}
}

// unchangeable is a method of Python that would change its object.
func unchangeable(name, instead string) *method {
	return &method{signature{name: name, variadic: true, keywords: true}, func(*run, any, args) (any, error) {
		return nil, errors.New("templates can't change values: " + name + " makes no new one; write something like " + instead)
	}}
}
