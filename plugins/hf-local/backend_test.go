package main

import (
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// onnxModel has the same weights as safetensors, as float32 in ONNX and as int8 in
// ONNX. tools/hf-bench/models.py makes it.
const onnxModel = "testdata/onnx"

func onnxRuntime(t *testing.T) string {
	t.Helper()
	library := os.Getenv("OTAI_ONNXRUNTIME")
	if library == "" {
		t.Skip("OTAI_ONNXRUNTIME, the path of libonnxruntime.so, is not set")
	}
	return library
}

var tickets = []string{"my printer is not working", "reset my password please", "mein drucker geht nicht", "", strings.Repeat("invoice ", 100)}

func classifyAll(t *testing.T, s *Service) []api.Classification {
	t.Helper()
	requests := make([]api.ClassificationRequest, len(tickets))
	for i, text := range tickets {
		requests[i].Text = text
	}
	answers, err := s.ClassifyBatch(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// furthest returns the largest difference of a label's confidence.
func furthest(t *testing.T, a, b []api.Classification) float64 {
	t.Helper()
	worst := 0.0
	for i := range a {
		confidences := make(map[string]float64)
		for _, s := range a[i].Scores {
			confidences[s.Label] = s.Confidence
		}
		for _, s := range b[i].Scores {
			worst = max(worst, math.Abs(s.Confidence-confidences[s.Label]))
		}
		if len(a[i].Scores) != len(b[i].Scores) || a[i].Truncated != b[i].Truncated {
			t.Errorf("%v and %v", a[i], b[i])
		}
	}
	return worst
}

func TestONNXRuntimeAnswersAsTheEngineDoes(t *testing.T) {
	library := onnxRuntime(t)
	own := classifyAll(t, build(t, Params{ModelName: onnxModel}, newHost(nil, io.Discard)))
	for name, c := range map[string]struct {
		file      string
		tolerance float64
	}{
		"float32": {"", 1e-4},
		"int8":    {"model_quantized.onnx", 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			s := build(t, Params{ModelName: onnxModel, Backend: "onnxruntime", ONNXRuntime: library, ONNXFile: c.file, Threads: 1}, newHost(nil, &log))
			answers := classifyAll(t, s)
			worst := furthest(t, own, answers)
			t.Logf("largest difference of a confidence: %.2g", worst)
			if worst > c.tolerance || name == "int8" && worst == 0 {
				t.Errorf("%v, and the engine says %v", answers, own)
			}
			alone, err := s.Classify(t.Context(), request(tickets[2], ""))
			if err != nil || alone.Confidence != answers[2].Confidence {
				t.Errorf("alone %v, %v; in a batch %v", alone, err, answers[2])
			}
			if !strings.Contains(log.String(), "onnxruntime 1.") {
				t.Errorf("the log doesn't say what computes: %s", &log)
			}
			if b := s.Backend(""); !strings.HasPrefix(b, "onnxruntime 1.") || !strings.HasSuffix(b, ".onnx") {
				t.Errorf("the backend is %q", b)
			}
		})
	}
}

func TestTheEngineSaysWhatComputes(t *testing.T) {
	s := build(t, Params{ModelName: onnxModel}, newHost(map[string]string{"OTAI_HF_ISA": "generic"}, io.Discard))
	if b := s.Backend(""); b != "" {
		t.Errorf("before a model is loaded: %q", b)
	}
	classifyAll(t, s)
	if b := s.Backend(onnxModel); b != "generic" {
		t.Errorf("the backend is %q", b)
	}
}

func TestABackendThatCannotWorkSaysWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		params Params
		says   []string
	}{
		"no path":  {Params{}, []string{"onnxruntime_library", "libonnxruntime.so"}},
		"no file":  {Params{ONNXRuntime: "/nowhere/libonnxruntime.so"}, []string{"onnxruntime_library", "/nowhere/libonnxruntime.so", "no such file"}},
		"a folder": {Params{ONNXRuntime: t.TempDir()}, []string{"onnxruntime_library", "not a file"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.params.Backend = "onnxruntime"
			_, err := CreatePlugin(api.AppConfig{}).Injectables()[0].BuildService(&c.params, newHost(nil, io.Discard))
			if err == nil {
				t.Fatal("no error")
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q doesn't say %q", err, s)
				}
			}
		})
	}
}

func TestAnONNXModelThatDoesNotFitIsRefused(t *testing.T) {
	library := onnxRuntime(t)
	broken := t.TempDir()
	if err := os.CopyFS(broken, os.DirFS(onnxModel)); err != nil {
		t.Fatal(err)
	}
	write := func(name string, change func([]byte) []byte) {
		text, err := os.ReadFile(filepath.Join(onnxModel, "model.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(broken, name), change(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("cut.onnx", func(b []byte) []byte { return b[:len(b)/2] })
	write("empty.onnx", func([]byte) []byte { return nil })
	write("input.onnx", func(b []byte) []byte {
		return []byte(strings.ReplaceAll(string(b), "token_type_ids", "token_type_odd"))
	})
	for file, says := range map[string]string{
		"cut.onnx":         "cut.onnx",
		"empty.onnx":       "empty.onnx",
		"input.onnx":       `input "token_type_odd" is unknown`,
		"other/model.onnx": "onnx_file",
	} {
		t.Run(file, func(t *testing.T) {
			s := build(t, Params{ModelName: broken, Backend: "onnxruntime", ONNXRuntime: library, ONNXFile: file}, newHost(nil, io.Discard))
			if _, err := s.Classify(t.Context(), request("printer", "")); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestConcurrentCallsThatWaitForEachOtherGetTheirOwnAnswers(t *testing.T) {
	alone := classifyAll(t, build(t, Params{ModelName: onnxModel}, newHost(nil, io.Discard)))
	s := build(t, Params{ModelName: onnxModel, BatchWait: 20 * time.Millisecond}, newHost(nil, io.Discard))
	var calls sync.WaitGroup
	for i := range 4 * len(tickets) {
		calls.Go(func() {
			i := i % len(tickets)
			got, err := s.Classify(t.Context(), request(tickets[i], ""))
			if err != nil || got.Label != alone[i].Label || math.Abs(got.Confidence-alone[i].Confidence) > 1e-6 || got.Truncated != alone[i].Truncated {
				t.Errorf("%q: %v, %v; alone %v", tickets[i], got, err, alone[i])
			}
		})
	}
	calls.Wait()
}
