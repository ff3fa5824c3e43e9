// Command packages makes the packages of a release for Debian's and Red Hat's families, and signs
// the files of a release.
//
//	packages build ROOT DIST STAGE VERSION ARCH TIME
//	packages sign KEY FILE...
//	packages verify PUBLIC FILE...
//
// STAGE has what build/packages.sh prepared. Equal sources yield equal bytes: TIME is that of the
// commit, in seconds. A signature is beside its file, FILE.minisig; the password of a key is taken
// from OTAI_SIGN_PASSWORD.
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "packages:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 7 && args[0] == "build":
		return build(release{root: args[1], dist: args[2], stage: args[3], version: args[4], arch: args[5], time: args[6]})
	case len(args) > 2 && args[0] == "sign":
		return sign(args[1], args[2:])
	case len(args) > 2 && args[0] == "verify":
		return verify(args[1], args[2:])
	}
	return errors.New("usage: packages build ROOT DIST STAGE VERSION ARCH TIME | sign KEY FILE... | verify PUBLIC FILE...")
}
