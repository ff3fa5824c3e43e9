package main_test

import (
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPluginsAreSmallAndNeedOnlyTheCLibrary: an administrator copies one file, to a
// machine that has nothing but a C library.
func TestPluginsAreSmallAndNeedOnlyTheCLibrary(t *testing.T) {
	const largest = 16e6 // bytes
	files, err := filepath.Glob(filepath.Join(product.plugins, "otai_*.so"))
	if err != nil || len(files) < 2 {
		t.Fatalf("plugins are %v, %v", files, err)
	}
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > largest {
			t.Errorf("%s has %.1f MB, want at most %.0f", filepath.Base(path), float64(info.Size())/1e6, largest/1e6)
		}
		file, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		libraries, err := file.ImportedLibraries()
		if err != nil {
			t.Fatal(err)
		}
		file.Close()
		for _, library := range libraries {
			name, _, _ := strings.Cut(library, ".so")
			switch name {
			case "libc", "libm", "libpthread", "libdl", "libresolv": // all of them the C library
			default:
				if !strings.HasPrefix(name, "ld-linux") {
					t.Errorf("%s needs %s", filepath.Base(path), library)
				}
			}
		}
	}
}
