package texts

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// marks are the first bytes of byte order marks: UTF-8, UTF-16BE, UTF-16LE.
var marks = []byte{0xEF, 0xFE, 0xFF}

// decode makes UTF-8 of the encoding that a byte order mark or the user names. Other bytes
// pass unchanged, for [check], which can name the place.
func decode(in *bufio.Reader, name string) (*bufio.Reader, error) {
	fallback := transform.Transformer(encoding.Nop.NewDecoder())
	if name != "" {
		named, err := encodingNamed(name)
		if err != nil {
			return nil, err
		}
		fallback = named.NewDecoder()
	} else if first, err := in.Peek(1); err != nil || !slices.Contains(marks, first[0]) {
		// Looking for a mark waits for three bytes, and a terminal sends a short line.
		return in, nil
	}
	return bufio.NewReaderSize(transform.NewReader(in, unicode.BOMOverride(fallback)), headBytes), nil
}

func encodingNamed(name string) (encoding.Encoding, error) {
	found, err := htmlindex.Get(name)
	if err != nil {
		return nil, fmt.Errorf("the encoding %q is not known; names are those of the web, such as utf-8, utf-16le, windows-1252, iso-8859-15", name)
	}
	return found, nil
}

// check rejects what isn't text.
func check(text string) error {
	if at := strings.IndexByte(text, 0); at >= 0 {
		return fmt.Errorf("it is not text: byte %d is zero; a text in UTF-16 without a byte order mark needs --encoding utf-16le", at+1)
	}
	if utf8.ValidString(text) {
		return nil
	}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if r == utf8.RuneError && size == 1 {
			return fmt.Errorf("byte %d, 0x%02X, is not UTF-8; name the encoding, as in --encoding windows-1252", at+1, text[at])
		}
		at += size
	}
	return errors.New("it is not UTF-8")
}

// CheckEncoding returns an error for a name that isn't that of an encoding.
func CheckEncoding(name string) error {
	if name == "" {
		return nil
	}
	_, err := encodingNamed(name)
	return err
}

// bounded limits the length of a record.
type bounded struct {
	in   io.Reader
	left int
}

var errRowTooLong = errTooLong("a row")

// next begins a record. What the reader on top reads ahead counts too.
func (b *bounded) next() { b.left = MaxBytes + headBytes }

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errRowTooLong
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
