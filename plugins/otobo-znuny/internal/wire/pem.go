package wire

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// longestPEM is larger than any system's bundle of authorities.
const longestPEM = 4 << 20

// readPEM reads a regular file only: a pipe would block the start, and a device may
// have no end.
func readPEM(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() > longestPEM {
		return nil, fmt.Errorf("%s has more than %d MB", path, longestPEM>>20)
	}
	return io.ReadAll(io.LimitReader(file, longestPEM))
}
