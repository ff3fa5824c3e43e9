package codec

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

type decoder struct{ rest []byte }

var errShort = fmt.Errorf("%w: it is cut off", ErrForm)

func (d *decoder) tag() (byte, error) {
	if len(d.rest) == 0 {
		return 0, errShort
	}
	t := d.rest[0]
	d.rest = d.rest[1:]
	return t, nil
}

// length reads a number of things that each take at least one byte.
func (d *decoder) length() (int, error) {
	n, used := binary.Uvarint(d.rest)
	if used <= 0 || n > uint64(len(d.rest)-used) {
		return 0, errShort
	}
	d.rest = d.rest[used:]
	return int(n), nil
}

func (d *decoder) text() (string, error) {
	n, err := d.length()
	if err != nil {
		return "", err
	}
	s := string(d.rest[:n])
	d.rest = d.rest[n:]
	return s, nil
}

func (d *decoder) number() (int64, error) {
	n, used := binary.Varint(d.rest)
	if used <= 0 {
		return 0, errShort
	}
	d.rest = d.rest[used:]
	return n, nil
}

func (d *decoder) value(depth int) (any, error) {
	if depth > deepest+1 {
		return nil, fmt.Errorf("%w: it is nested too deeply", ErrForm)
	}
	t, err := d.tag()
	if err != nil {
		return nil, err
	}
	switch t {
	case tagNil:
		return nil, nil
	case tagTrue:
		return true, nil
	case tagFalse:
		return false, nil
	case tagInt64:
		return d.number()
	case tagInt:
		n, err := d.number()
		return int(n), err
	case tagUint64:
		return d.unsigned()
	case tagDuration:
		n, err := d.number()
		return time.Duration(n), err
	case tagFloat:
		if len(d.rest) < 8 {
			return nil, errShort
		}
		bits := binary.BigEndian.Uint64(d.rest)
		d.rest = d.rest[8:]
		return math.Float64frombits(bits), nil
	case tagText, tagMarkup, tagNumber, tagBytes, tagBig, tagTime:
		return d.textual(t)
	}
	return d.collection(t, depth+1)
}

func (d *decoder) unsigned() (any, error) {
	n, used := binary.Uvarint(d.rest)
	if used <= 0 {
		return nil, errShort
	}
	d.rest = d.rest[used:]
	return n, nil
}

func (d *decoder) textual(t byte) (any, error) {
	s, err := d.text()
	if err != nil {
		return nil, err
	}
	switch t {
	case tagMarkup:
		return value.Markup(s), nil
	case tagNumber:
		return json.Number(s), nil
	case tagBytes:
		return []byte(s), nil
	case tagBig:
		n, ok := new(big.Int).SetString(s, 10)
		if !ok {
			return nil, fmt.Errorf("%w: %q are not the digits of an integer", ErrForm, s)
		}
		return n, nil
	case tagTime:
		var at time.Time
		if err := at.UnmarshalBinary([]byte(s)); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrForm, err)
		}
		return at, nil
	}
	return s, nil
}

func (d *decoder) collection(t byte, depth int) (any, error) {
	switch t {
	case tagNilList:
		return []any(nil), nil
	case tagNilMap:
		return map[string]any(nil), nil
	case tagNilTexts:
		return []string(nil), nil
	case tagList:
		return d.list(depth)
	case tagTuple:
		list, err := d.list(depth)
		return value.Tuple(list), err
	case tagMutable:
		list, err := d.list(depth)
		return &value.MutableList{Items: list}, err
	case tagTextList:
		return d.texts()
	case tagMap:
		return d.mapping(depth)
	case tagDict:
		return d.dict(depth)
	case tagOtherDict:
		return d.other(depth)
	}
	return nil, fmt.Errorf("%w: there is no kind of value %q", ErrForm, t)
}

func (d *decoder) list(depth int) ([]any, error) {
	n, err := d.length()
	if err != nil {
		return nil, err
	}
	list := make([]any, 0, min(n, 1024))
	for range n {
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (d *decoder) texts() (any, error) {
	n, err := d.length()
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, min(n, 1024))
	for range n {
		s, err := d.text()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func (d *decoder) mapping(depth int) (any, error) {
	n, err := d.length()
	if err != nil {
		return nil, err
	}
	m := make(map[string]any, min(n, 1024))
	for range n {
		key, err := d.text()
		if err != nil {
			return nil, err
		}
		if m[key], err = d.value(depth); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (d *decoder) dict(depth int) (any, error) {
	n, err := d.length()
	if err != nil {
		return nil, err
	}
	out := value.NewDict(min(n, 1024))
	for range n {
		key, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		if err := out.Put(key, v); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrForm, err)
		}
	}
	return out, nil
}

func (d *decoder) other(depth int) (any, error) {
	n, err := d.length()
	if err != nil {
		return nil, err
	}
	out := value.NewDict(min(n, 1024))
	for range n {
		key, err := d.text()
		if err != nil {
			return nil, err
		}
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		out.Set(key, v)
	}
	return out, nil
}
