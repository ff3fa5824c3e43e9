// Command thirdparty lists what otai's binaries contain of others.
//
//	thirdparty licenses ROOT            writes ROOT/THIRD_PARTY_LICENSES
//	thirdparty licenses -check ROOT     checks that it is up to date
//	thirdparty sbom -version V -time N ROOT FILE…
//	                                    writes a CycloneDX SBOM of built files
//
// The go command says what is linked, module by module; a license that isn't allowed is
// an error. Equal sources and files yield equal bytes.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "thirdparty:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: thirdparty licenses|sbom …")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	check := flags.Bool("check", false, "write nothing, fail where the file is not current")
	version := flags.String("version", "", "otai's version")
	seconds := flags.Int64("time", 0, "time of the sources, in seconds since 1970")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("which folder is otai's?")
	}
	root := flags.Arg(0)
	modules, err := linked(root)
	if err != nil {
		return err
	}
	switch args[0] {
	case "licenses":
		return licenses(filepath.Join(root, "THIRD_PARTY_LICENSES"), modules, *check)
	case "sbom":
		return writeSBOM(os.Stdout, sbom{version: *version, time: time.Unix(*seconds, 0).UTC(), modules: modules, files: flags.Args()[1:]})
	}
	return fmt.Errorf("there is no command %q", args[0])
}

func licenses(file string, modules []module, check bool) error {
	text := licenseText(modules)
	if !check {
		return os.WriteFile(file, text, 0o644)
	}
	there, err := os.ReadFile(file)
	if err == nil && !bytes.Equal(there, text) {
		err = errors.New("it doesn't match what is linked now")
	}
	if err != nil {
		return fmt.Errorf("%s: %w; write it again with: make licenses", file, err)
	}
	return nil
}
