//go:build !bare

package main

import (
	"os"

	"example.org/dep"
)

// The host and its plugins have this package in common, except where it is built
// with the tag bare.
var _ = dep.Double(len(os.Args))
