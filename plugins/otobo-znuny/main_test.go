package main

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if builtOtai.path != "" {
			_ = os.RemoveAll(filepath.Dir(builtOtai.path))
		}
		os.Exit(code)
	}))
}
