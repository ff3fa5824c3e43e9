package app

import (
	"path/filepath"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/files"
)

// longestSecretFile is far more than a key or a certificate.
const longestSecretFile = 64 << 10

// openSecretFile reads what ${file:PATH} names in the configuration named from. It
// opens without waiting, so that a FIFO ends nothing, and takes only a regular file.
func (s Settings) openSecretFile(from, path string) (config.SecretFile, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(s.Abs(from)), path)
	}
	file, err := files.Regular(path, longestSecretFile)
	if err != nil {
		return config.SecretFile{}, err
	}
	return config.SecretFile{Content: string(file.Data), Others: file.Mode.Perm()&0o004 != 0}, nil
}
