// Package codec writes plain values as bytes and reads them back exactly, so that what a
// template sees of a stored result is what it saw of the result itself: 2.0 is not 2, an
// integer has as many digits as it had, a mapping keeps its order and its keys, nil isn't
// what is missing.
//
// [Encode] refuses what isn't plain; [Decode] takes nothing on trust, since the bytes
// come from a file. The form has a version in its first byte: a release reads the forms
// of the ones before.
package codec

import (
	"errors"
	"fmt"
)

// version is the first byte.
const version = 1

// deepest is deeper than plain values may be.
const deepest = 200

// ErrForm means that this release reads no value in the bytes.
var ErrForm = errors.New("the stored value has another form")

// NotPlainError says that a value can't be stored.
type NotPlainError struct{ Type string }

func (e *NotPlainError) Error() string { return "a value of type " + e.Type + " can't be stored" }

// Encode writes a plain value.
func Encode(v any) ([]byte, error) {
	e := encoder{out: []byte{version}}
	if err := e.value(v, 0); err != nil {
		return nil, err
	}
	return e.out, nil
}

// Decode reads what Encode wrote.
func Decode(b []byte) (any, error) {
	if len(b) == 0 || b[0] != version {
		return nil, fmt.Errorf("%w: its version isn't %d", ErrForm, version)
	}
	d := decoder{rest: b[1:]}
	v, err := d.value(0)
	if err == nil && len(d.rest) > 0 {
		err = fmt.Errorf("%w: something follows it", ErrForm)
	}
	return v, err
}

// The tags of values. They are on disks: none ever gets another meaning.
const (
	tagNil       = 'n'
	tagTrue      = 't'
	tagFalse     = 'f'
	tagInt64     = 'i'
	tagInt       = 'I' // of the type int
	tagBig       = 'b' // an integer beyond 64 bits, as digits
	tagFloat     = 'd' // 8 bytes
	tagText      = 's'
	tagMarkup    = 'm' // text that is escaped already
	tagNumber    = '#' // text of a number in JSON
	tagBytes     = 'x'
	tagList      = 'l'
	tagNilList   = 'L'
	tagTuple     = 'T'
	tagMap       = 'o' // with keys in order of their bytes
	tagNilMap    = 'O'
	tagDict      = 'D' // with pairs in its own order
	tagTime      = 'c'
	tagDuration  = 'p'
	tagTextList  = 'S' // []string
	tagNilTexts  = 'N'
	tagUint64    = 'u'
	tagMutable   = 'M' // a list that its template may change
	tagOtherDict = 'E' // a mapping of another type, read as a Dict
)
