package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Weights are the files with the weights of a model in a folder, as they are at one moment.
type Weights struct {
	want   Want
	folder string
	files  []weights
}

type weights struct {
	name, sum string // sum: by the cache's name of it; "" for a plain file
	print     string // of inode, time and size
}

// WeightsIn finds the weights of a model in a folder. Without any it has no files, and no sum.
func (w Want) WeightsIn(folder string) Weights {
	found := Weights{want: w, folder: folder}
	for _, name := range w.weights() {
		if !isFile(filepath.Join(folder, filepath.FromSlash(name))) {
			continue
		}
		names := []string{name}
		if isIndex(name) {
			var err error
			if names, err = readShards(filepath.Join(folder, name)); err != nil {
				return found
			}
		} else if isFile(filepath.Join(folder, filepath.FromSlash(name+"_data"))) {
			names = append(names, name+"_data") // of an ONNX file
		}
		for _, one := range names {
			path := filepath.Join(folder, filepath.FromSlash(one))
			info, err := os.Stat(path)
			if err != nil {
				return Weights{want: w, folder: folder}
			}
			file := weights{name: one, print: fmt.Sprint(info.Size(), " ", info.ModTime().UnixNano())}
			if stat, ok := info.Sys().(*syscall.Stat_t); ok {
				file.print += fmt.Sprint(" ", stat.Dev, " ", stat.Ino)
			}
			if to, err := os.Readlink(path); err == nil && filepath.Base(filepath.Dir(to)) == "blobs" && len(filepath.Base(to)) == 2*sha256.Size && isChecksum(filepath.Base(to)) {
				file.sum = filepath.Base(to)
			}
			found.files = append(found.files, file)
		}
		return found
	}
	return found
}

// Now are the weights as they are now.
func (w Weights) Now() Weights { return w.want.WeightsIn(w.folder) }

// Print is the same for the same files.
func (w Weights) Print() string {
	var b strings.Builder
	b.WriteString(w.folder)
	for _, f := range w.files {
		b.WriteString("\x00" + f.name + "\x00" + f.print)
	}
	return b.String()
}

// Sum is the SHA-256 of the weights; of several files that of their sums and names, a line
// each as sha256sum writes it. A file in the cache has its sum for a name, others are read.
func (w Weights) Sum(ctx context.Context) (string, error) {
	var lines strings.Builder
	for _, f := range w.files {
		sum := f.sum
		if sum == "" {
			var err error
			if sum, err = sha256Of(ctx, filepath.Join(w.folder, filepath.FromSlash(f.name))); err != nil {
				return "", err
			}
		}
		if len(w.files) == 1 {
			return sum, nil
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, f.name)
	}
	if len(w.files) == 0 {
		return "", nil
	}
	sum := sha256.Sum256([]byte(lines.String()))
	return hex.EncodeToString(sum[:]), nil
}

func sha256Of(ctx context.Context, path string) (string, error) {
	return checksumOf(ctx, path, strings.Repeat("0", 2*sha256.Size), nil)
}
