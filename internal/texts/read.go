package texts

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
)

// MaxBytes is the limit of one text.
const MaxBytes = 16 << 20

// Stdin is the name that stands for standard input.
const Stdin = "-"

// Format is what a file contains.
type Format string

// The formats. Auto decides by the name and the first bytes: a mail, a table if
// columns are named, else one text.
const (
	Auto  Format = "auto"
	Plain Format = "text" // the file is one text
	Mail  Format = "mail" // the subject and the text of the body
	CSV   Format = "csv"  // separated by comma, semicolon, tab or bar
	JSON  Format = "json" // an object per line, several objects, or an array of objects
	Lines Format = "lines"
	NUL   Format = "nul" // texts that end with a zero byte
)

// Options say how to read.
type Options struct {
	Format   Format
	Columns  []string // of a table; several are joined by a space
	Encoding string   // a name of the WHATWG's list; "" for UTF-8, or what a byte order mark says
	Dir      string   // that relative names are relative to
	Stdin    io.Reader
	Progress func(file string, done, total int64) // in bytes; total is 0 if unknown
}

// Text is a text and where it was.
type Text struct {
	File string // as it was named; Stdin for standard input
	Row  int    // number of the text in a file with many, from 1; else 0
	Line int    // at which a row begins, from 1; 0 if that makes no sense
	Text string
	Err  error // why there is no text
}

// Place returns the file, with the line of a row.
func (t Text) Place() string {
	name := t.File
	if name == Stdin {
		name = "standard input"
	}
	switch {
	case t.Line > 0:
		return fmt.Sprintf("%s:%d", name, t.Line)
	case t.Row > 0:
		return fmt.Sprintf("%s, text %d", name, t.Row)
	}
	return name
}

// errEmpty says that a file or a row has no word.
var errEmpty = errors.New("there is no text in it")

// Read yields the texts of files, one file after another.
func Read(ctx context.Context, files []string, o Options) iter.Seq[Text] {
	return func(yield func(Text) bool) {
		for _, name := range files {
			if ctx.Err() != nil || !readFile(ctx, name, o, yield) {
				return
			}
		}
	}
}

// readFile yields the texts of a file; false means that no more texts are wanted.
func readFile(ctx context.Context, name string, o Options, yield func(Text) bool) bool {
	in, err := open(ctx, name, o)
	if err != nil {
		return yield(Text{File: name, Err: err})
	}
	defer in.Close()
	raw := bufio.NewReaderSize(in, headBytes)
	give := func(t Text) bool {
		t.File = name
		return yield(t)
	}
	format := o.Format
	if format == Auto || format == "" {
		if format, err = recognize(name, raw, o); err != nil {
			return give(Text{Err: err})
		}
	}
	if format == Mail {
		return give(oneText(readMail(raw, o.Encoding)))
	}
	decoded, err := decode(raw, o.Encoding)
	if err != nil {
		return give(Text{Err: err})
	}
	switch format {
	case Plain:
		return give(oneText(readAll(decoded)))
	case CSV:
		return readCSV(decoded, o.Columns, give)
	case JSON:
		return readJSON(decoded, o.Columns, give)
	case Lines:
		return readLines(decoded, give)
	case NUL:
		return readNUL(decoded, give)
	}
	return give(Text{Err: fmt.Errorf("the format %q is not one of auto, text, mail, csv, json", format)})
}

// headBytes is how much of a file is looked at to recognize its format.
const headBytes = 64 << 10

// recognize determines the format of a file.
func recognize(name string, in *bufio.Reader, o Options) (Format, error) {
	ending := strings.ToLower(filepath.Ext(name))
	table := map[string]Format{".csv": CSV, ".tsv": CSV, ".jsonl": JSON, ".ndjson": JSON, ".json": JSON}[ending]
	head, err := in.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	switch {
	case len(o.Columns) > 0 && table != "":
		return table, nil
	case len(o.Columns) > 0:
		if strings.HasPrefix(strings.TrimSpace(string(head)), "{") || strings.HasPrefix(strings.TrimSpace(string(head)), "[") {
			return JSON, nil
		}
		return CSV, nil
	case table != "":
		return "", errors.New("it is a table: say which column has the text with --column, or with --format text that the whole file is one")
	case ending == ".eml" || looksLikeMail(head):
		return Mail, nil
	}
	return Plain, nil
}

// readAll reads a file that is one text.
func readAll(r io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return "", err
	}
	if len(data) > MaxBytes {
		return "", errTextTooLong
	}
	return string(data), nil
}

var errTextTooLong = errTooLong("it")

func errTooLong(what string) error {
	return fmt.Errorf("%s is longer than %d MiB", what, MaxBytes>>20)
}

// oneText checks what was read as one text.
func oneText(text string, err error) Text {
	if err == nil {
		err = check(text)
	}
	if err == nil && strings.TrimSpace(text) == "" {
		err = errEmpty
	}
	if err != nil {
		return Text{Err: err}
	}
	return Text{Text: text}
}

// peek looks at the head of a file that must not be empty.
func peek(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(headBytes)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case len(bytes.TrimSpace(head)) == 0:
		return nil, errEmpty
	}
	return head, nil
}
