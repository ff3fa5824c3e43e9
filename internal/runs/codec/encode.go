package codec

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

type encoder struct{ out []byte }

func (e *encoder) tag(t byte) { e.out = append(e.out, t) }

func (e *encoder) length(n int) { e.out = binary.AppendUvarint(e.out, uint64(n)) }

func (e *encoder) text(tag byte, s string) {
	e.tag(tag)
	e.length(len(s))
	e.out = append(e.out, s...)
}

func (e *encoder) number(tag byte, n int64) {
	e.tag(tag)
	e.out = binary.AppendVarint(e.out, n)
}

func (e *encoder) value(v any, depth int) error {
	if depth > deepest {
		return &NotPlainError{fmt.Sprintf("%T, nested that deeply", v)}
	}
	switch x := v.(type) {
	case nil:
		e.tag(tagNil)
	case bool:
		if x {
			e.tag(tagTrue)
		} else {
			e.tag(tagFalse)
		}
	case int64:
		e.number(tagInt64, x)
	case int:
		e.number(tagInt, int64(x))
	case uint64:
		e.tag(tagUint64)
		e.out = binary.AppendUvarint(e.out, x)
	case *big.Int:
		if x == nil {
			return &NotPlainError{"*big.Int without a value"}
		}
		e.text(tagBig, x.String())
	case float64:
		e.tag(tagFloat)
		e.out = binary.BigEndian.AppendUint64(e.out, math.Float64bits(x))
	case string:
		e.text(tagText, x)
	case value.Markup:
		e.text(tagMarkup, string(x))
	case json.Number:
		e.text(tagNumber, string(x))
	case []byte:
		e.text(tagBytes, string(x))
	case time.Duration:
		e.number(tagDuration, int64(x))
	case time.Time:
		return e.time(x)
	default:
		return e.collection(v, depth+1)
	}
	return nil
}

// time keeps the zone's offset and whether it is UTC; names of zones differ by machine.
func (e *encoder) time(t time.Time) error {
	b, err := t.Round(0).MarshalBinary()
	if err != nil {
		return err
	}
	e.text(tagTime, string(b))
	return nil
}

func (e *encoder) collection(v any, depth int) error {
	switch x := v.(type) {
	case []any:
		if x == nil {
			e.tag(tagNilList)
			return nil
		}
		return e.list(tagList, x, depth)
	case value.Tuple:
		return e.list(tagTuple, x, depth)
	case *value.MutableList:
		return e.list(tagMutable, x.Items, depth)
	case []string:
		if x == nil {
			e.tag(tagNilTexts)
			return nil
		}
		e.tag(tagTextList)
		e.length(len(x))
		for _, s := range x {
			e.length(len(s))
			e.out = append(e.out, s...)
		}
		return nil
	case map[string]any:
		return e.mapping(x, depth)
	case *value.Dict:
		return e.dict(x, depth)
	case value.Mapping:
		return e.other(x, depth)
	}
	return &NotPlainError{fmt.Sprintf("%T", v)}
}

func (e *encoder) list(tag byte, list []any, depth int) error {
	e.tag(tag)
	e.length(len(list))
	for _, x := range list {
		if err := e.value(x, depth); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) mapping(m map[string]any, depth int) error {
	if m == nil {
		e.tag(tagNilMap)
		return nil
	}
	e.tag(tagMap)
	e.length(len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		e.length(len(key))
		e.out = append(e.out, key...)
		if err := e.value(m[key], depth); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) dict(d *value.Dict, depth int) error {
	pairs, _ := value.PairsOf(d)
	e.tag(tagDict)
	e.length(d.Len())
	for _, p := range pairs {
		if err := e.value(p.Key, depth); err != nil {
			return err
		}
		if err := e.value(p.Value, depth); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) other(m value.Mapping, depth int) error {
	keys := m.Keys()
	e.tag(tagOtherDict)
	e.length(len(keys))
	for _, key := range keys {
		v, _ := m.Get(key)
		e.length(len(key))
		e.out = append(e.out, key...)
		if err := e.value(v, depth); err != nil {
			return err
		}
	}
	return nil
}
