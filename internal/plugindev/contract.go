package plugindev

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// The modules whose sources travel in the host, and where the archive has them.
const (
	APIModule    = "github.com/open-ticket-ai/otai/pkg/api"
	ParamsModule = "github.com/open-ticket-ai/otai/pkg/params"
)

var contractFolders = map[string]string{APIModule: "api", ParamsModule: "params"}

//go:generate go test -run TestTheArchiveHoldsTheSourcesOfTheContract -update .

//go:embed contract.tar.gz
var contractArchive []byte

// Contract unpacks the sources of pkg/api and pkg/params into dir, as dir/api and
// dir/params, with the license beside them.
func Contract(dir string) error {
	err := eachFile(contractArchive, func(name string, content []byte) error {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, content, 0o644)
	})
	if err != nil {
		return fmt.Errorf("unpacking the contract's sources: %w", err)
	}
	return nil
}

// eachFile calls do with every file of the archive.
func eachFile(archive []byte, do func(name string, content []byte) error) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return err
	}
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(header.Name) {
			return fmt.Errorf("%q leads out of the folder", header.Name)
		}
		content, err := io.ReadAll(files)
		if err != nil {
			return err
		}
		if err := do(header.Name, content); err != nil {
			return err
		}
	}
}
