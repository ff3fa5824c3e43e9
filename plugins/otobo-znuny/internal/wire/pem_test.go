package wire

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestACertificateIsReadFromARegularFileOnly(t *testing.T) {
	dir := t.TempDir()
	pipe, long := filepath.Join(dir, "pipe"), filepath.Join(dir, "long")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.WriteFile(long, nil, 0o600), os.Truncate(long, longestPEM+1)); err != nil {
		t.Fatal(err)
	}
	for path, why := range map[string]string{pipe: "not a regular file", "/dev/zero": "not a regular file", dir: "not a regular file", long: "more than"} {
		for field, of := range map[string]TLSConfig{"tls.ca_file": {CAFile: path}, "tls.cert_file": {CertFile: path, KeyFile: path}} {
			_, err := tlsConfig(of)
			var at *api.FieldError
			if !errors.As(err, &at) || at.Field != field || !strings.Contains(err.Error(), why) {
				t.Errorf("%s %s: %v", field, path, err)
			}
		}
	}
}
