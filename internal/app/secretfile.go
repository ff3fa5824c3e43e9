package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/open-ticket-ai/otai/internal/config"
)

// longestSecretFile is far more than a key or a certificate.
const longestSecretFile = 64 << 10

// openSecretFile reads what ${file:PATH} names in the configuration named from. It
// opens without waiting, so that a FIFO ends nothing, and takes only a regular file.
func (s Settings) openSecretFile(from, path string) (config.SecretFile, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(s.abs(from)), path)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return config.SecretFile{}, plainCause(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return config.SecretFile{}, plainCause(err)
	}
	if !info.Mode().IsRegular() {
		return config.SecretFile{}, errors.New("it is no regular file")
	}
	content, err := io.ReadAll(io.LimitReader(file, longestSecretFile+1))
	if err != nil {
		return config.SecretFile{}, plainCause(err)
	}
	if len(content) > longestSecretFile {
		return config.SecretFile{}, fmt.Errorf("it has more than %d kB", longestSecretFile>>10)
	}
	return config.SecretFile{Content: string(content), Others: info.Mode().Perm()&0o004 != 0}, nil
}
