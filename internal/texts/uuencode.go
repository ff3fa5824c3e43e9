package texts

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// uudecoder reads what is between begin and end of uuencode, which mails used
// before MIME.
type uudecoder struct {
	lines *bufio.Reader
	begun bool
	ended bool
	rest  []byte
}

var errUuencode = errors.New("a part of it is said to be uuencoded and is not")

func (d *uudecoder) Read(p []byte) (int, error) {
	for len(d.rest) == 0 {
		if d.ended {
			return 0, io.EOF
		}
		line, err := d.lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, errUuencode
		}
		text := strings.TrimRight(string(line), "\r\n")
		last := err != nil
		switch {
		case !d.begun && last:
			return 0, errUuencode
		case !d.begun:
			d.begun = strings.HasPrefix(text, "begin ")
			continue
		case text == "end" || text == "`":
			d.ended = true
			continue
		case last && text == "":
			return 0, io.ErrUnexpectedEOF
		case text == "":
			continue
		}
		if d.rest, err = uuline(text); err != nil {
			return 0, err
		}
	}
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

// uuline decodes a line: its length in bytes, then four characters for each three bytes.
func uuline(line string) ([]byte, error) {
	six := func(i int) (byte, error) {
		if i >= len(line) {
			return 0, nil // spaces at the end were lost
		}
		if line[i] < ' ' || line[i] > '`' {
			return 0, errUuencode
		}
		return (line[i] - ' ') & 0x3f, nil
	}
	size, err := six(0)
	if err != nil {
		return nil, err
	}
	var out []byte
	for i := 1; len(out) < int(size); i += 4 {
		var all uint32
		for j := range 4 {
			part, err := six(i + j)
			if err != nil {
				return nil, err
			}
			all = all<<6 | uint32(part)
		}
		out = append(out, byte(all>>16), byte(all>>8), byte(all))
	}
	return out[:size], nil
}
