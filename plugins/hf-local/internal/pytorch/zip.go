package pytorch

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
)

// readZip reads the format of torch since 1.6: a zip archive of one folder with
// data.pkl, byteorder, and a file for each storage in data/, none of them
// compressed.
func readZip(r io.ReaderAt, size int64) (map[string]location, error) {
	directory := &bounded{file: r, left: maxDirectory}
	archive, err := zip.NewReader(directory, size)
	directory.left = math.MaxInt64
	if err != nil {
		return nil, fmt.Errorf("the zip archive is cut off or damaged: %w", err)
	}
	var pickle *zip.File
	files := make(map[string]*zip.File, len(archive.File))
	for _, f := range archive.File {
		if path.Base(f.Name) == "data.pkl" && strings.Count(f.Name, "/") == 1 {
			pickle = f
		}
		files[f.Name] = f
	}
	if pickle == nil {
		return nil, errors.New("the zip archive has no data.pkl: it holds something else")
	}
	folder := path.Dir(pickle.Name) + "/"
	if order := files[folder+"byteorder"]; order != nil {
		text, err := content(r, size, order, 16)
		if err != nil {
			return nil, fmt.Errorf("byteorder: %w", err)
		}
		if strings.TrimSpace(string(text)) != "little" {
			return nil, fmt.Errorf("its byteorder is %.200q; supported is little", text)
		}
	}
	code, err := content(r, size, pickle, maxPickle)
	if err != nil {
		return nil, fmt.Errorf("data.pkl: %w", err)
	}
	state, _, err := unpickle(code)
	if err != nil {
		return nil, fmt.Errorf("data.pkl: %w", err)
	}
	tensors, err := tensorsOf(state)
	if err != nil {
		return nil, fmt.Errorf("data.pkl: %w", err)
	}
	return locate(tensors, func(s storage) (int64, error) {
		file := files[folder+"data/"+s.key]
		if file == nil {
			return 0, fmt.Errorf("the archive has no file data/%s with its values", s.key)
		}
		begin, bytes, err := span(size, file)
		if err == nil && bytes != s.values*s.width {
			err = fmt.Errorf("%d values of %s need %d bytes, but data/%s has %d", s.values, s.dtype, s.values*s.width, s.key, bytes)
		}
		return begin, err
	})
}

// maxDirectory bounds what is read to find out which files an archive has, and with
// it the memory for that: a hundred bytes and some more for each tensor.
const maxDirectory = 64 << 20

// bounded reads no more than left bytes of a file.
type bounded struct {
	file io.ReaderAt
	left int64
}

func (b *bounded) ReadAt(p []byte, offset int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errors.New("its directory is larger than that of any model")
	}
	return b.file.ReadAt(p, offset)
}

// span returns where a file's content is.
func span(size int64, f *zip.File) (begin, bytes int64, err error) {
	if f.Method != zip.Store {
		return 0, 0, fmt.Errorf("%s is compressed, which torch.save never does", f.Name)
	}
	begin, err = f.DataOffset()
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", f.Name, err)
	}
	bytes = int64(f.UncompressedSize64)
	if bytes < 0 || bytes > size-begin {
		return 0, 0, fmt.Errorf("%s ends outside of the file: it is cut off", f.Name)
	}
	return begin, bytes, nil
}

func content(r io.ReaderAt, size int64, f *zip.File, limit int64) ([]byte, error) {
	begin, bytes, err := span(size, f)
	if err != nil {
		return nil, err
	}
	if bytes > limit {
		return nil, fmt.Errorf("it has %d bytes, more than the %d that it could need", bytes, limit)
	}
	text := make([]byte, bytes)
	_, err = r.ReadAt(text, begin)
	return text, err
}
