package value

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
)

// Dict is a mapping that keeps the order of insertion: what a template writes as
// {'a': 1}. The zero value is an empty one. Seen from outside, a key that
// isn't a text has its Python notation as its name.
type Dict struct {
	pairs []Pair
	index map[any]int // built once a search would take long
}

// Pair is a key with its value.
type Pair struct {
	hash  any // equal for keys that Python takes to be equal
	Key   any
	Value any
}

// indexFrom is the number of pairs from which lookups use the index.
const indexFrom = 9

// Len is the number of keys.
func (d *Dict) Len() int { return len(d.pairs) }

// Keys returns the keys in order.
func (d *Dict) Keys() []string {
	keys := make([]string, len(d.pairs))
	for i, p := range d.pairs {
		keys[i] = KeyText(p.Key)
	}
	return keys
}

// Set gives a key a value. A new key comes last.
func (d *Dict) Set(key string, value any) { _ = d.Put(key, value) } // a text can always be a key

// Get returns the value of a key.
func (d *Dict) Get(key string) (any, bool) {
	if v, ok := d.Lookup(key); ok {
		return v, true
	}
	for _, p := range d.pairs {
		if _, text := AsText(p.Key); !text && KeyText(p.Key) == key {
			return p.Value, true
		}
	}
	return nil, false
}

// Refill returns a mapping with the keys of d in their order and these values, one
// for each key. It shares nothing that d changes.
func (d *Dict) Refill(values []any) any {
	out := &Dict{pairs: slices.Clone(d.pairs), index: maps.Clone(d.index)}
	for i, value := range values {
		out.pairs[i].Value = value
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

// Lookup is the value of the key with that hash: see [HashKey].
func (d *Dict) Lookup(hash any) (any, bool) {
	if i := d.find(hash); i >= 0 {
		return d.pairs[i].Value, true
	}
	return nil, false
}

// Put gives a key a value, as Set does for texts. Not all values can be keys.
func (d *Dict) Put(key, value any) error {
	hash, err := HashKey(key)
	if err != nil {
		return err
	}
	if i := d.find(hash); i >= 0 {
		d.pairs[i].Value = value
		return nil
	}
	d.pairs = append(d.pairs, Pair{hash, key, value})
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

// NewDict is an empty Dict with room for that many keys.
func NewDict(keys int) *Dict { return &Dict{pairs: make([]Pair, 0, keys)} }

// Take removes a key and returns its value.
func (d *Dict) Take(key any) (value any, found bool, err error) {
	hash, err := HashKey(key)
	if err != nil {
		return nil, false, err
	}
	i := d.find(hash)
	if i < 0 {
		return nil, false, nil
	}
	value = d.pairs[i].Value
	d.remove(i)
	return value, true, nil
}

// TakeLast removes the pair that was added last. There must be one.
func (d *Dict) TakeLast() (key, value any) {
	last := d.pairs[len(d.pairs)-1]
	d.remove(len(d.pairs) - 1)
	return last.Key, last.Value
}

// Clear removes all pairs.
func (d *Dict) Clear() { d.pairs, d.index = nil, nil }

// ReplaceValues replaces each value by what change returns for it.
func (d *Dict) ReplaceValues(change func(any) any) {
	for i := range d.pairs {
		d.pairs[i].Value = change(d.pairs[i].Value)
	}
}

// remove removes the pair at i.
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

// compound is the hash of a key whose values Go can't compare.
type compound string

// HashKey is equal for keys that are the same to Python: 1, 1.0 and true are one.
func HashKey(key any) (any, error) { return hashWithin(key, 0) }

func hashWithin(key any, depth int) (any, error) {
	switch k := key.(type) {
	case string, nil, int64:
		return k, nil
	case Markup:
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
	case Tuple:
		return hashTuple(k, depth+1)
	case []any, *MutableList, map[string]any, Mapping, *Group:
		return nil, fmt.Errorf("%s can't be a key", WithArticle(TypeName(key)))
	case *Undefined:
		return compound("undefined"), nil
	case *DictView:
		if k.Kind == "values" {
			return k, nil
		}
	case *Iterator, *Namespace, *FailMark, Range, Object:
		return k, nil
	}
	return nil, fmt.Errorf("%s can't be a key", WithArticle(TypeName(key)))
}

// Bounds on tuples as keys: bytes of the hash and levels of nesting.
const (
	maxKey      = 1 << 16
	maxKeyDepth = 20
)

// hashTuple writes each element's hash with its type and length, so that different
// tuples have different hashes.
func hashTuple(t Tuple, depth int) (any, error) {
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

// KeyText is a key as seen from outside.
func KeyText(key any) string {
	if s, ok := AsText(key); ok {
		return s
	}
	return Briefly(key)
}

// MappingKeys are the keys of a mapping as values.
func MappingKeys(v any) ([]any, bool) {
	if d, ok := v.(*Dict); ok {
		keys := make([]any, len(d.pairs))
		for i, p := range d.pairs {
			keys[i] = p.Key
		}
		return keys, true
	}
	m, ok := AsMapping(v)
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

// PairsOf are the keys and values of a mapping, in its order.
func PairsOf(v any) ([]Pair, bool) {
	if d, ok := v.(*Dict); ok {
		return d.pairs, true
	}
	m, ok := AsMapping(v)
	if !ok {
		return nil, false
	}
	keys := m.Keys()
	pairs := make([]Pair, len(keys))
	for i, key := range keys {
		value, _ := m.Get(key)
		pairs[i] = Pair{key, key, value}
	}
	return pairs, true
}

// Member is the value of a key of a mapping. A key that can't be one is an error.
func Member(v, key any) (any, bool, error) {
	if d, ok := v.(*Dict); ok {
		hash, err := HashKey(key)
		if err != nil {
			return nil, false, err
		}
		value, found := d.Lookup(hash)
		return value, found, nil
	}
	name, ok := AsText(key)
	if !ok {
		_, err := HashKey(key)
		return nil, false, err
	}
	if m, ok := v.(map[string]any); ok {
		value, found := m[name]
		return value, found, nil
	}
	value, found := v.(Mapping).Get(name)
	return value, found, nil
}

// ItemTuples are pairs as tuples of two.
func ItemTuples(pairs []Pair) []any {
	items := make([]any, len(pairs))
	for i, p := range pairs {
		items[i] = Tuple{p.Key, p.Value}
	}
	return items
}

// FillDict adds the pairs of a mapping or a list of pairs.
func FillDict(meter *budget.Budget, d *Dict, from any) error {
	if u, missing := from.(*Undefined); missing {
		return u.Err()
	}
	if pairs, ok := PairsOf(from); ok {
		for _, p := range pairs {
			if err := d.Put(p.Key, p.Value); err != nil {
				return err
			}
		}
		return meter.Step(len(pairs))
	}
	list, err := Elements(meter, from)
	if err != nil {
		return err
	}
	for _, element := range list {
		two, err := Elements(meter, element)
		if err != nil {
			return err
		}
		if len(two) != 2 {
			return errors.New("a dict is made from pairs")
		}
		if err := d.Put(two[0], two[1]); err != nil {
			return err
		}
	}
	return nil
}
