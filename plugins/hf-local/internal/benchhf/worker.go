package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/onnx"
)

// hello is what a worker writes first.
type hello struct {
	About            string
	LoadMilliseconds float64
}

// answer is what a worker writes for every batch that it read.
type answer struct {
	Milliseconds float64
	Logits       [][]float32
	PeakMB       int
}

// work is the life of a worker: load, then a line out for every line in.
func work(o options, in io.Reader, out io.Writer) error {
	threads, err := strconv.Atoi(o.threads)
	if err != nil {
		return err
	}
	// As otai does; see makeRoomForC there.
	runtime.GOMAXPROCS(runtime.NumCPU() + 1)
	begin := time.Now()
	compute, about, err := computer(o, threads)
	if err != nil {
		return err
	}
	answers := json.NewEncoder(out)
	if err := answers.Encode(hello{About: about, LoadMilliseconds: milliseconds(begin)}); err != nil {
		return err
	}
	batches := json.NewDecoder(in)
	for {
		var batch [][]int32
		if err := batches.Decode(&batch); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var a answer
		if len(batch) > 0 {
			runtime.GC() // not while the other one computes
			begin := time.Now()
			if a.Logits, err = compute(context.Background(), batch); err != nil {
				return err
			}
			a.Milliseconds = milliseconds(begin)
		} else if a.PeakMB, err = peak(); err != nil {
			return err
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
}

func computer(o options, threads int) (compute func(context.Context, [][]int32) ([][]float32, error), about string, err error) {
	if o.worker == "onnxruntime" {
		library, err := onnx.Open(o.library)
		if err != nil {
			return nil, "", err
		}
		session, err := library.Load(filepath.Join(o.folder, "model.onnx"), threads)
		if err != nil {
			return nil, "", err
		}
		return session.Run, library.Version(), nil
	}
	isa := engine.Available()[0]
	if name := os.Getenv("OTAI_HF_ISA"); name != "" {
		if isa, err = engine.ParseISA(name); err != nil {
			return nil, "", err
		}
	}
	kernels, err := engine.New(isa)
	if err != nil {
		return nil, "", err
	}
	m, err := model.Load(context.Background(), o.folder, kernels, engine.NewThreads(threads))
	if err != nil {
		return nil, "", err
	}
	return m.Logits, isa.String(), nil
}

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Nanoseconds()) / 1e6 }

// peak returns the most resident memory that the process has had, VmHWM of
// proc(5).
func peak() (megabytes int, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); n == 1 {
			return kilobytes / 1000, nil
		}
	}
	return 0, errors.New("/proc/self/status has no VmHWM")
}

// worker is one as the benchmark sees it.
type worker struct {
	command *exec.Cmd
	in      io.WriteCloser
	answers *json.Decoder
	hello   hello
}

func start(o options, kind string, threads int) (*worker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &worker{command: exec.Command(self, "-worker", kind, "-model", o.folder, "-onnxruntime", o.library, "-threads", strconv.Itoa(threads))}
	w.command.Stderr = os.Stderr
	if w.in, err = w.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.command.Start(); err != nil {
		return nil, err
	}
	w.answers = json.NewDecoder(bufio.NewReader(out))
	if err := w.answers.Decode(&w.hello); err != nil {
		w.stop()
		return nil, fmt.Errorf("the worker %s gave up: %w", kind, err)
	}
	return w, nil
}

func (w *worker) compute(batch [][]int32) (answer, error) {
	var a answer
	if err := json.NewEncoder(w.in).Encode(batch); err != nil {
		return a, err
	}
	err := w.answers.Decode(&a)
	return a, err
}

func (w *worker) stop() {
	_ = w.in.Close()
	_ = w.command.Wait()
}
