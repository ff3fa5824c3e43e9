// Package lastgood keeps what a configuration was read from while it works, so that otai can go on
// with that where what is there now is wrong, or half written.
//
// A supervisor remembers it all for as long as it lives ([Configuration.Encode]). In the state
// folder is less ([Write], [Read]): no value of a variable, no secret file, and no plugin.
package lastgood

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/files"
)

// Folder is the folder of the copy in the state folder, and name its name there.
const (
	Folder = "last-good"
	name   = "configuration"
)

// Configuration is what one was read from.
type Configuration struct {
	Time    time.Time         `json:"time"`    // since when it is known to work
	Sources []File            `json:"sources"` // in their order
	Named   map[string][]byte `json:"named"`   // files whose content belongs to it, by their whole paths
	// Held are files with mistakes that were there in the place of the sources when this was used: what
	// they say of trust and bounds holds.
	Held []File `json:"held,omitempty"`

	// What is only remembered.
	DotEnv  []File            `json:"dot_env,omitempty"`
	Secrets map[string][]byte `json:"secrets,omitempty"` // files that hold one, by their whole paths
	Plugins []Plugin          `json:"plugins,omitempty"`
}

// File is a file with its whole path.
type File struct {
	Path string `json:"path"`
	Data []byte `json:"data"`
}

// Plugin is a plugin that was loaded.
type Plugin struct {
	Path      string `json:"path"`
	SHA256    string `json:"sha256"`
	Signature []byte `json:"signature,omitempty"`
}

// Of returns the file with a path, the one that was there last; nil: there is none.
func (c Configuration) Of(path string) *File {
	for _, list := range [][]File{c.Held, c.Sources} {
		if n := slices.IndexFunc(list, func(f File) bool { return f.Path == path }); n >= 0 {
			return &list[n]
		}
	}
	return nil
}

// ErrDamaged means that not all of a copy is there.
var ErrDamaged = errors.New("the copy is damaged, or was not written to its end")

// mark begins a copy, and has the version of its form.
const mark = "otai last good 1 "

// Encode returns the form in which it is remembered.
func (c Configuration) Encode() ([]byte, error) {
	content, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	return fmt.Appendf(nil, "%s%x\n%s", mark, sum, content), nil
}

// Decode returns what [Configuration.Encode] was called for. Half of that is [ErrDamaged], and
// nothing is [fs.ErrNotExist].
func Decode(data []byte) (c Configuration, err error) {
	if len(data) == 0 {
		return c, fs.ErrNotExist
	}
	head, content, whole := bytes.Cut(data, []byte("\n"))
	want, known := bytes.CutPrefix(head, []byte(mark))
	sum := sha256.Sum256(content)
	if !whole || !known || string(want) != hex.EncodeToString(sum[:]) {
		return c, ErrDamaged
	}
	return c, json.Unmarshal(content, &c)
}

// Write keeps the copy in a folder that nobody else can enter, and nobody else writes to: whole, or not at
// all. What one that was killed has left there is removed.
func Write(folder string, c Configuration) error {
	c.DotEnv, c.Secrets, c.Plugins = nil, nil, nil
	content, err := c.Encode()
	if err != nil {
		return err
	}
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		if entry.Name() != name && entry.Type().IsRegular() {
			_ = os.Remove(filepath.Join(folder, entry.Name())) // else it is tried again the next time
		}
	}
	return files.ReplacePrivate(filepath.Join(folder, name), content)
}

// maxCopy is more than all that a configuration can be read from.
const maxCopy = 256 << 20

// Read returns what was last written to the folder; [fs.ErrNotExist]: nothing was.
func Read(folder string) (Configuration, error) {
	file, err := files.Regular(filepath.Join(folder, name), maxCopy)
	if err != nil {
		return Configuration{}, err
	}
	return Decode(file.Data)
}
