package main

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/rpm"
)

// release says of what the packages are made.
type release struct {
	root, dist, stage, version, arch, time string

	out  string // where the packages go; "": to dist
	only string // the format; "": both
	fast bool   // compressed little: for tests, which make several
}

// build writes both packages to the folder dist and prints their paths.
func build(r release) error {
	seconds, err := strconv.ParseInt(r.time, 10, 64)
	if err != nil {
		return fmt.Errorf("the time: %w", err)
	}
	at := time.Unix(seconds, 0).UTC()
	needed, err := needs(r.binaries()...)
	if err != nil {
		return err
	}
	if others := needed.others(); len(others) > 0 {
		return fmt.Errorf("the packages depend on the C library alone, but %s is linked, too", strings.Join(others, ", "))
	}
	values := map[string]string{
		"ROOT": r.root, "DIST": r.dist, "STAGE": r.stage, "VERSION": r.version, "ARCH": r.arch,
		"TIME": at.Format(time.RFC3339), "GLIBC": needed.glibc,
	}
	if err := sameTime(r.stage, at); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(r.root, "build", "packages", "nfpm.yaml"))
	if err != nil {
		return err
	}
	filled := os.Expand(string(text), func(name string) string { return values[name] }) // nfpm does that only in some fields
	for format, packager := range map[string]nfpm.Packager{"deb": deb.Default, "rpm": rpm.DefaultRPM} {
		if r.only != "" && r.only != format {
			continue
		}
		config, err := nfpm.Parse(strings.NewReader(filled))
		if err != nil {
			return err
		}
		info, err := config.Get(format)
		if err != nil {
			return err
		}
		info = nfpm.WithDefaults(info)
		if r.fast {
			info.Deb.Compression, info.RPM.Compression = "gzip:1", "gzip:1"
		}
		for _, c := range info.Contents {
			if c.FileInfo != nil {
				c.FileInfo.MTime = at
			}
		}
		if err := nfpm.PrepareForPackager(info, format); err != nil {
			return err
		}
		name := filepath.Join(cmp.Or(r.out, r.dist), packager.ConventionalFileName(info))
		if err := write(packager, info, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Println(name)
	}
	return nil
}

func write(packager nfpm.Packager, info *nfpm.Info, name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(packager.Package(info, file), file.Close())
}

// sameTime gives all below a folder one time of change.
func sameTime(dir string, at time.Time) error {
	return filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(name, at, at)
	})
}

func (r release) binaries() []string {
	return []string{
		filepath.Join(r.dist, "bin", "otai"),
		filepath.Join(r.dist, "plugins", "otai_hf_local.so"), filepath.Join(r.dist, "plugins", "otai_otobo_znuny.so"),
	}
}

// needed is what binaries need of the system.
type needed struct {
	libraries []string
	glibc     string // the oldest version that will do
}

const glibcPrefix = "GLIBC_"

// needs reads what binaries are linked with.
func needs(names ...string) (n needed, err error) {
	for _, name := range names {
		file, err := elf.Open(name)
		if err != nil {
			return n, err
		}
		libraries, err := file.ImportedLibraries()
		symbols, failed := file.ImportedSymbols()
		if err = errors.Join(err, failed, file.Close()); err != nil {
			return n, fmt.Errorf("%s: %w", name, err)
		}
		n.libraries = append(n.libraries, libraries...)
		for _, s := range symbols {
			if v, ok := strings.CutPrefix(s.Version, glibcPrefix); ok && older(n.glibc, v) {
				n.glibc = v
			}
		}
	}
	slices.Sort(n.libraries)
	n.libraries = slices.Compact(n.libraries)
	return n, nil
}

// others are the libraries that the C library's package doesn't have.
func (n needed) others() (list []string) {
	for _, library := range n.libraries {
		base, _, _ := strings.Cut(library, ".so.")
		if !slices.Contains([]string{"libc", "libm", "libdl", "libpthread", "libresolv", "librt", "ld-linux-x86-64", "ld-linux-aarch64"}, base) {
			list = append(list, library)
		}
	}
	return list
}

func older(a, b string) bool {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return cmp.Compare(x, y)
	}) < 0
}
