package onnx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// opened is the library that this process has opened. The binding allows one, and
// a shared library is the process's anyway, so it stays open: closing it while
// one of its threads ends would take the process down.
var opened struct {
	sync.Mutex
	path string
}

// Runtime is an open ONNX Runtime library.
type Runtime struct{ path string }

// Open opens the library at path. A process can use only one; opening the same
// one again costs nothing.
func Open(path string) (*Runtime, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("the ONNX Runtime library: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the ONNX Runtime library %s is not a file; give the path of libonnxruntime.so itself", path)
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return nil, fmt.Errorf("the ONNX Runtime library: %w", err)
	}
	if err := checkTrusted(real); err != nil {
		return nil, fmt.Errorf("the ONNX Runtime library %s %w", path, err)
	}
	opened.Lock()
	defer opened.Unlock()
	switch opened.path {
	case real:
		return &Runtime{path: real}, nil
	case "":
	default:
		return nil, fmt.Errorf("the ONNX Runtime library %s is already in use, and a process can have only one; give that path instead of %s", opened.path, real)
	}
	ort.SetSharedLibraryPath(real)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return nil, fmt.Errorf("opening the ONNX Runtime library %s (it has to be version 1.%d or newer, for this kind of processor): %w", real, apiVersion, err)
	}
	opened.path = real
	return &Runtime{path: real}, nil
}

// apiVersion is the ORT_API_VERSION of the binding: the oldest ONNX Runtime that
// has all that it calls.
const apiVersion = 24

// Path returns where the library was opened from.
func (r *Runtime) Path() string { return r.path }

// Version returns the library's own version.
func (r *Runtime) Version() string { return ort.GetVersion() }

// options returns the options of a session that computes with that many threads;
// 0 leaves the number to ONNX Runtime.
func options(threads int) (*ort.SessionOptions, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		o.SetIntraOpNumThreads(threads),
		o.SetInterOpNumThreads(1),
		o.SetLogSeverityLevel(ort.LoggingLevelError),
		// Its threads shall not keep the CPUs busy after a computation.
		o.AddSessionConfigEntry("session.force_spinning_stop", "1"),
	)
	if err != nil {
		return nil, errors.Join(err, o.Destroy())
	}
	return o, nil
}
