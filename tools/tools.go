//go:build tools

// Package tools pins the linters: `make lint` builds them at these versions.
package tools

import (
	_ "honnef.co/go/tools/cmd/staticcheck"
	_ "mvdan.cc/gofumpt"
)
