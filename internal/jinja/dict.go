package jinja

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
)

// Dict is a mapping that keeps the order of insertion: what a template writes as
// {'a': 1}. The zero value is an empty one. Keys that are no text count, as seen from outside, under their Python
// notation.
type Dict struct {
	pairs []pair
	index map[any]int // built when a search would take long
}

type pair struct {
	hash any // equal for keys that Python takes to be equal
	key  any
	val  any
}

// indexFrom is the number of pairs from which on looking a key up uses the index.
const indexFrom = 9

// Len is the number of keys.
func (d *Dict) Len() int { return len(d.pairs) }

// Keys returns the keys in order.
func (d *Dict) Keys() []string {
	keys := make([]string, len(d.pairs))
	for i, p := range d.pairs {
		keys[i] = keyText(p.key)
	}
	return keys
}

// Set gives a key a value. A new key comes last.
func (d *Dict) Set(key string, value any) { _ = d.set(key, value) } // a text can always be a key

// Get returns the value of a key.
func (d *Dict) Get(key string) (any, bool) {
	if v, ok := d.lookup(key); ok {
		return v, true
	}
	for _, p := range d.pairs {
		if _, text := asText(p.key); !text && keyText(p.key) == key {
			return p.val, true
		}
	}
	return nil, false
}

// Refill returns a mapping with the keys of d in their order and these values, one
// for each key. It shares nothing that d changes.
func (d *Dict) Refill(values []any) any {
	out := &Dict{pairs: slices.Clone(d.pairs), index: maps.Clone(d.index)}
	for i, value := range values {
		out.pairs[i].val = value
	}
	return out
}

func (d *Dict) find(hash any) int {
	if d.index != nil {
		if i, ok := d.index[hash]; ok {
			return i
		}
		return -1
	}
	for i := range d.pairs {
		if d.pairs[i].hash == hash {
			return i
		}
	}
	return -1
}

func (d *Dict) lookup(hash any) (any, bool) {
	if i := d.find(hash); i >= 0 {
		return d.pairs[i].val, true
	}
	return nil, false
}

func (d *Dict) set(key, value any) error {
	hash, err := hashable(key)
	if err != nil {
		return err
	}
	if i := d.find(hash); i >= 0 {
		d.pairs[i].val = value
		return nil
	}
	d.pairs = append(d.pairs, pair{hash, key, value})
	if d.index != nil {
		d.index[hash] = len(d.pairs) - 1
	} else if len(d.pairs) >= indexFrom {
		d.index = make(map[any]int, 2*len(d.pairs))
		for i, p := range d.pairs {
			d.index[p.hash] = i
		}
	}
	return nil
}

// sizedDict is an empty Dict with room for so many keys.
func sizedDict(keys int) *Dict { return &Dict{pairs: make([]pair, 0, keys)} }

// take removes a key and returns its value.
func (d *Dict) take(key any) (value any, found bool, err error) {
	hash, err := hashable(key)
	if err != nil {
		return nil, false, err
	}
	i := d.find(hash)
	if i < 0 {
		return nil, false, nil
	}
	value = d.pairs[i].val
	d.remove(i)
	return value, true, nil
}

// takeLast removes the pair that was added last. There must be one.
func (d *Dict) takeLast() (key, value any) {
	last := d.pairs[len(d.pairs)-1]
	d.remove(len(d.pairs) - 1)
	return last.key, last.val
}

// clear removes all pairs.
func (d *Dict) clear() { d.pairs, d.index = nil, nil }

// replaceValues puts what change makes of each value in its place.
func (d *Dict) replaceValues(change func(any) any) {
	for i := range d.pairs {
		d.pairs[i].val = change(d.pairs[i].val)
	}
}

// remove takes out the pair at i.
func (d *Dict) remove(i int) {
	d.pairs = slices.Delete(slices.Clone(d.pairs), i, i+1)
	d.index = nil
	if len(d.pairs) >= indexFrom {
		d.index = make(map[any]int, 2*len(d.pairs))
		for i, p := range d.pairs {
			d.index[p.hash] = i
		}
	}
}

// compound is the hash of a key that Go can't compare by itself.
type compound string

// hashable is what makes key the same key as another: 1, 1.0 and true are one.
func hashable(key any) (any, error) { return hashWithin(key, 0) }

func hashWithin(key any, depth int) (any, error) {
	switch k := key.(type) {
	case string, nil, int64:
		return k, nil
	case markup:
		return string(k), nil
	case int:
		return int64(k), nil
	case bool:
		if k {
			return int64(1), nil
		}
		return int64(0), nil
	case float64:
		if k == math.Trunc(k) && math.Abs(k) < 1<<63 {
			return int64(k), nil
		}
		return k, nil
	case *big.Int:
		return compound(k.String()), nil
	case tuple:
		return hashTuple(k, depth+1)
	case []any, *list, map[string]any, mapping, *group:
		return nil, fmt.Errorf("%s can't be a key", article(typeName(key)))
	case *undefined:
		return compound("undefined"), nil
	case *view:
		if k.kind == "values" {
			return k, nil
		}
	case *iterator, *namespace, *failure, span, object:
		return k, nil
	}
	return nil, fmt.Errorf("%s can't be a key", article(typeName(key)))
}

// Bounds on tuples as keys: bytes of the hash and levels of nesting.
const (
	maxKey      = 1 << 16
	maxKeyDepth = 20
)

// hashTuple writes each element's hash with its type and length, so that different
// tuples have different hashes.
func hashTuple(t tuple, depth int) (any, error) {
	if depth > maxKeyDepth {
		return nil, errors.New("the tuple is nested too deep for a key")
	}
	var b strings.Builder
	for _, element := range t {
		hash, err := hashWithin(element, depth)
		if err != nil {
			return nil, err
		}
		text := fmt.Sprint(hash)
		fmt.Fprintf(&b, "%T%d:%s", hash, len(text), text)
		if b.Len() > maxKey {
			return nil, errors.New("the tuple is too long for a key")
		}
	}
	return compound("(" + b.String() + ")"), nil
}

// keyText is a key as seen from outside.
func keyText(key any) string {
	if s, ok := asText(key); ok {
		return s
	}
	return briefly(key)
}

// mappingKeys are the keys of a mapping as values.
func mappingKeys(v any) ([]any, bool) {
	if d, ok := v.(*Dict); ok {
		keys := make([]any, len(d.pairs))
		for i, p := range d.pairs {
			keys[i] = p.key
		}
		return keys, true
	}
	m, ok := asMapping(v)
	if !ok {
		return nil, false
	}
	names := m.Keys()
	keys := make([]any, len(names))
	for i, name := range names {
		keys[i] = name
	}
	return keys, true
}

// pairsOf are the keys and values of a mapping, in its order.
func pairsOf(v any) ([]pair, bool) {
	if d, ok := v.(*Dict); ok {
		return d.pairs, true
	}
	m, ok := asMapping(v)
	if !ok {
		return nil, false
	}
	keys := m.Keys()
	pairs := make([]pair, len(keys))
	for i, key := range keys {
		value, _ := m.Get(key)
		pairs[i] = pair{key, key, value}
	}
	return pairs, true
}

// member is the value of a key of a mapping. A key that can't be one is an error.
func member(v, key any) (any, bool, error) {
	if d, ok := v.(*Dict); ok {
		hash, err := hashable(key)
		if err != nil {
			return nil, false, err
		}
		value, found := d.lookup(hash)
		return value, found, nil
	}
	name, ok := asText(key)
	if !ok {
		_, err := hashable(key)
		return nil, false, err
	}
	if m, ok := v.(map[string]any); ok {
		value, found := m[name]
		return value, found, nil
	}
	value, found := v.(mapping).Get(name)
	return value, found, nil
}
