package model

import (
	"encoding/json"
	"errors"
	"fmt"
)

// keys reads config.json key by key. A key that is missing or null has its
// default; of values that can't be, the first is kept as the error.
type keys struct {
	values map[string]json.RawMessage
	err    error
}

func parseKeys(text []byte) (*keys, error) {
	k := &keys{}
	if err := json.Unmarshal(text, &k.values); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return nil, fmt.Errorf("it is a %s instead of an object", kind.Value)
		}
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	return k, nil
}

func (k *keys) fail(format string, arguments ...any) {
	if k.err == nil {
		k.err = fmt.Errorf(format, arguments...)
	}
}

func (k *keys) has(name string) bool {
	value, ok := k.values[name]
	return ok && string(value) != "null"
}

// read fills value, which has the default, and reports whether the key is there.
func (k *keys) read(name string, value any) bool {
	if !k.has(name) {
		return false
	}
	err := json.Unmarshal(k.values[name], value)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		k.fail("%s is a %.80s, which it can't be", name, kind.Value)
	case err != nil:
		k.fail("%s: %w", name, err)
	}
	return true
}

// maxWidth bounds every width and count, so that products of three of them can't
// overflow. The largest known model is far below.
const maxWidth = 1 << 20

// count reads a number from 1 to maxWidth under the first of the names that is
// there.
func (k *keys) count(fallback int, names ...string) int { return k.between(1, fallback, names...) }

func (k *keys) between(least, fallback int, names ...string) int {
	for _, name := range names {
		value := fallback
		if !k.read(name, &value) {
			continue
		}
		if value < least || value > maxWidth {
			k.fail("%s is %d, which it can't be", name, value)
			return fallback
		}
		return value
	}
	return fallback
}

func (k *keys) number(name string, fallback float64) float64 {
	k.read(name, &fallback)
	return fallback
}

func (k *keys) epsilon(name string, fallback float64) float32 {
	value := k.number(name, fallback)
	if !(value >= 0 && value < 1) {
		k.fail("%s is %v, which it can't be", name, value)
	}
	return float32(value)
}

func (k *keys) text(name, fallback string) string {
	k.read(name, &fallback)
	return fallback
}

func (k *keys) truth(name string, fallback bool) bool {
	k.read(name, &fallback)
	return fallback
}

func (k *keys) activation(name, fallback string) activation {
	named := k.text(name, fallback)
	a, ok := activations[named]
	if !ok {
		k.fail("%s is %.200q; supported are %s", name, named, list(sortedKeys(activations)))
	}
	return a
}

// only requires that a key, if it is set, has the one value that is supported.
func only[T comparable](k *keys, name string, value T) {
	got := value
	if k.read(name, &got) && got != value {
		k.fail("%s is %v; supported is %v", name, got, value)
	}
}
