package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/onnx"
)

// The values of the param backend.
const (
	ownBackend  = "own"
	onnxBackend = "onnxruntime"
)

// backend is what computes the models of a service.
type backend struct {
	name string // distinguishes the models that different ones have loaded
	want hub.Want
	load func(ctx context.Context, folder string) (*model.Model, error)
}

func newBackend(p Params, isa engine.ISA, threads *engine.Threads) (backend, error) {
	if p.Backend == onnxBackend {
		return newONNXBackend(p, threads)
	}
	kernels, err := engine.New(isa)
	if err != nil {
		return backend{}, fmt.Errorf("%s: %w", isaVariable, err)
	}
	return backend{
		name: isa.String(),
		load: func(ctx context.Context, folder string) (*model.Model, error) {
			return model.Load(ctx, folder, kernels, threads)
		},
	}, nil
}

// onnxFiles are where exporters put the network, the usual place first.
var onnxFiles = []string{"onnx/model.onnx", "model.onnx"}

func newONNXBackend(p Params, threads *engine.Threads) (backend, error) {
	if p.ONNXRuntime == "" {
		return backend{}, &api.FieldError{Field: "onnxruntime_library", Err: errors.New(
			"backend onnxruntime needs the path of libonnxruntime.so here; it is part of the ONNX Runtime release for Linux and of the Python package onnxruntime (folder capi)")}
	}
	runtime, err := onnx.Open(p.ONNXRuntime)
	if err != nil {
		return backend{}, &api.FieldError{Field: "onnxruntime_library", Err: err}
	}
	want := onnxFiles[0]
	if p.ONNXFile != "" {
		want = p.ONNXFile
	}
	return backend{
		name: onnxBackend + " " + want,
		want: hub.Want{ONNX: want},
		load: func(_ context.Context, folder string) (*model.Model, error) {
			file, err := findONNX(folder, p.ONNXFile)
			if err != nil {
				return nil, err
			}
			return model.LoadONNX(folder, file, runtime, threads)
		},
	}, nil
}

// findONNX returns which file in folder to load: the one that is asked for, else
// the first of those that are usual.
func findONNX(folder, asked string) (string, error) {
	files := onnxFiles
	if asked != "" {
		files = []string{asked}
	}
	for _, file := range files {
		_, err := os.Stat(filepath.Join(folder, filepath.FromSlash(file)))
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("the ONNX file: %w", err)
		}
	}
	return "", fmt.Errorf("the model has no ONNX file %q in %s; name it with onnx_file, or use the backend %s, which reads safetensors", files, folder, ownBackend)
}

// Backend says what computes the model called name, or the service's own: an
// instruction set of the engine, or ONNX Runtime, its version and the file. It is
// empty unless the model is loaded. A host finds the method by its form.
func (s *Service) Backend(name string) string {
	folder, err := s.hub.Locate(s.name(name))
	if err != nil {
		return ""
	}
	c, release, ok := s.models.loaded(folder)
	if !ok {
		return ""
	}
	defer release()
	m, ok := c.(interface{ Backend() string })
	if !ok {
		return ""
	}
	return m.Backend()
}
