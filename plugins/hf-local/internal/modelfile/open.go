package modelfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// KindError reports something other than a file in its place.
type KindError struct {
	Path string
	Kind string // such as "a folder"
}

func (e *KindError) Error() string {
	return fmt.Sprintf("%s is %s, and not a file: put the model's file there, or get the model again with: otai model pull NAME --repair", e.Path, e.Kind)
}

// Is makes it an [api.ErrInvalid]: a repetition doesn't help.
func (e *KindError) Is(target error) bool { return target == api.ErrInvalid || target == fs.ErrInvalid }

// SizeError says that a file is larger than one of its kind can be.
type SizeError struct {
	Path        string
	Size, Bound int64 // in bytes; Size is what was seen of it
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%s has %d bytes, more than the %s that such a file can have: it is damaged or something else; put the model's file there, or get the model again with: otai model pull NAME --repair",
		e.Path, e.Size, binary(e.Bound))
}

// Is makes it an [api.ErrInvalid]: a repetition doesn't help.
func (e *SizeError) Is(target error) bool { return target == api.ErrInvalid }

// binary writes a bound for people.
func binary(bytes int64) string {
	switch {
	case bytes >= 1<<30 && bytes%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", bytes>>30)
	case bytes >= 1<<20 && bytes%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", bytes>>20)
	case bytes >= 1<<10 && bytes%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// Open opens the file at path, or where a link there leads, and returns its size.
// Anything but a regular file is a [*KindError]. It never waits.
func Open(path string) (file *os.File, size int64, err error) {
	// Before opening: for some devices that alone has an effect.
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, leadsNowhere(path, err)
	}
	if err := regular(path, info); err != nil {
		return nil, 0, err
	}
	// Another could have taken its place: a pipe would block until somebody writes.
	file, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, 0, err
	}
	if info, err = file.Stat(); err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

// leadsNowhere distinguishes a link without a target from a file that isn't there: what may be
// missing is not missing then, and a model without it would answer something else.
func leadsNowhere(path string, err error) error {
	if errors.Is(err, syscall.ELOOP) {
		return &KindError{path, "a link that leads back to itself"}
	}
	if info, wrong := os.Lstat(path); errors.Is(err, fs.ErrNotExist) && wrong == nil && info.Mode()&fs.ModeSymlink != 0 {
		return &KindError{path, "a link that leads nowhere"}
	}
	return err
}

func regular(path string, info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return &KindError{path, "a folder"}
	case mode&fs.ModeNamedPipe != 0:
		return &KindError{path, "a named pipe"}
	case mode&fs.ModeSocket != 0:
		return &KindError{path, "a socket"}
	case mode&fs.ModeDevice != 0:
		return &KindError{path, "a device"}
	default:
		return &KindError{path, "something of the mode " + mode.String()}
	}
}

// Read returns the content of the file at path, which by its name has a [Bound].
// One that is larger is a [*SizeError].
func Read(path string) ([]byte, error) {
	bound, ok := Bound(path)
	if !ok {
		return nil, fmt.Errorf("%s is not a file that is read whole", path)
	}
	text, err := ReadWithin(path, bound)
	if err == nil {
		err = checkMark(path, text)
	}
	return text, err
}

// MarkError says that a JSON file begins with a byte order mark, which JSON has none
// of and transformers refuses, too.
type MarkError struct{ Path string }

func (e *MarkError) Error() string {
	return e.Path + " begins with a byte order mark: save it as UTF-8 without one (without BOM)"
}

// Is makes it an [api.ErrInvalid]: a repetition doesn't help.
func (e *MarkError) Is(target error) bool { return target == api.ErrInvalid }

func checkMark[T string | []byte](path string, text T) error {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if strings.HasSuffix(path, ".json") && strings.HasPrefix(string(text[:min(len(text), len(mark))]), mark) {
			return &MarkError{path}
		}
	}
	return nil
}

// ReadWithin is like [Read] with a bound in bytes that doesn't follow from the name.
func ReadWithin(path string, bound int64) ([]byte, error) {
	file, size, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if size > bound {
		return nil, &SizeError{Path: path, Size: size, Bound: bound}
	}
	// The size may be wrong, as in /proc, and the file may grow meanwhile.
	text := make([]byte, 0, min(size, bound)+1)
	for {
		if len(text) == cap(text) {
			text = append(text, 0)[:len(text)]
		}
		n, err := file.Read(text[len(text):min(cap(text), int(bound)+1)])
		text = text[:len(text)+n]
		switch {
		case int64(len(text)) > bound:
			return nil, &SizeError{Path: path, Size: int64(len(text)), Bound: bound}
		case err == io.EOF:
			return text, nil
		case err != nil:
			return nil, err
		}
	}
}

// ReadText is like [Read] for a text that is large: it takes its size in memory once.
func ReadText(path string) (string, error) {
	bound, ok := Bound(path)
	if !ok {
		return "", fmt.Errorf("%s is not a file that is read whole", path)
	}
	file, size, err := Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if size > bound {
		return "", &SizeError{Path: path, Size: size, Bound: bound}
	}
	var text strings.Builder
	text.Grow(int(size))
	n, err := io.Copy(&text, io.LimitReader(file, bound+1))
	if err != nil {
		return "", err
	}
	if n > bound {
		return "", &SizeError{Path: path, Size: n, Bound: bound}
	}
	return text.String(), checkMark(path, text.String())
}

// Check reports whether the file at path could be opened by [Open], for libraries that
// open it themselves. A file larger than bound is a [*SizeError]; a bound of 0 is none.
func Check(path string, bound int64) error {
	file, size, err := Open(path)
	if err != nil {
		return err
	}
	if bound > 0 && size > bound {
		return errors.Join(&SizeError{Path: path, Size: size, Bound: bound}, file.Close())
	}
	return file.Close()
}
