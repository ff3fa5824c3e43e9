package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

var (
	_ api.BatchClassifier = (*Service)(nil)
	_ io.Closer           = (*Service)(nil)
)

const (
	cased   = "testdata/models/cased"
	uncased = "testdata/models/uncased"
)

func newHost(env map[string]string, log io.Writer) api.Host {
	return api.NewHost(api.HostOptions{
		Logger: slog.New(slog.NewTextHandler(log, nil)),
		Env: func(name string) (string, bool) {
			v, ok := env[name]
			return v, ok
		},
	})
}

// build makes the service as a host does: through the plugin's injectable.
func build(t testing.TB, p Params, h api.Host) *Service {
	t.Helper()
	injectables := CreatePlugin(api.AppConfig{}).Injectables()
	if len(injectables) != 1 || injectables[0].Name != "HFClassificationService" {
		t.Fatalf("injectables are %v", injectables)
	}
	s, err := injectables[0].BuildService(&p, h)
	if err != nil {
		t.Fatal(err)
	}
	service := s.(*Service)
	t.Cleanup(func() {
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	return service
}

func request(text, model string) api.ClassificationRequest {
	return api.ClassificationRequest{Text: text, Model: model}
}

type answer struct {
	Text      string
	Truncated bool
	Scores    []struct {
		Label string
		Score float64
	}
}

func recorded(t testing.TB, name string) []answer {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "classify_"+name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []answer }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases
}

func check(t *testing.T, got api.Classification, want answer) {
	t.Helper()
	if got.Label != want.Scores[0].Label || got.Truncated != want.Truncated || len(got.Scores) != len(want.Scores) {
		t.Errorf("%q: got %+v, want %+v", want.Text, got, want)
		return
	}
	if got.Confidence != got.Scores[0].Confidence {
		t.Errorf("%q: confidence %v, best score %v", want.Text, got.Confidence, got.Scores[0].Confidence)
	}
	for i, s := range want.Scores {
		if got.Scores[i].Label != s.Label || math.Abs(got.Scores[i].Confidence-s.Score) > 1e-4 {
			t.Errorf("%q: score %d is %v, want %v", want.Text, i, got.Scores[i], s)
		}
	}
}

func TestThePluginSaysWhatItIs(t *testing.T) {
	m := CreatePlugin(api.AppConfig{}).Metadata()
	if m.Name != "otai-hf-local" || m.API != ">=1.0.0 <2" || m.Version == "" || m.Description == "" {
		t.Errorf("metadata is %+v", m)
	}
}

func TestTheServiceAnswersAsTransformersDoes(t *testing.T) {
	s := build(t, Params{ModelName: cased}, api.Host{})
	for _, want := range recorded(t, "cased") {
		got, err := s.Classify(t.Context(), request(want.Text, ""))
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, want)
	}
}

func TestABatchOfSeveralModelsKeepsItsOrder(t *testing.T) {
	s := build(t, Params{ModelName: cased}, api.Host{})
	one, other := recorded(t, "cased"), recorded(t, "uncased")
	var rs []api.ClassificationRequest
	var want []answer
	for i := range one {
		rs = append(rs, request(one[i].Text, ""), request(other[i].Text, uncased))
		want = append(want, one[i], other[i])
	}
	got, err := s.ClassifyBatch(t.Context(), rs)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		check(t, got[i], want[i])
	}
}

func TestTopKKeepsTheBestScores(t *testing.T) {
	want := recorded(t, "cased")[0]
	for _, k := range []int{1, 2, len(want.Scores) + 5} {
		got, err := build(t, Params{ModelName: cased, TopK: k}, api.Host{}).Classify(t.Context(), request(want.Text, ""))
		if err != nil {
			t.Fatal(err)
		}
		best := want
		best.Scores = best.Scores[:min(k, len(best.Scores))]
		check(t, got, best)
	}
}

func TestAnEmptyBatchHasNoAnswers(t *testing.T) {
	if got, err := build(t, Params{}, api.Host{}).ClassifyBatch(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAModelOfTheCacheIsFoundThroughTheHostsEnvironment(t *testing.T) {
	home := t.TempDir()
	folder := filepath.Join(home, "hub", "models--org--tickets")
	if err := os.CopyFS(filepath.Join(folder, "snapshots", "abc"), os.DirFS(cased)); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "refs"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "refs", "main"), []byte("abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := recorded(t, "cased")[0]
	s := build(t, Params{ModelName: "org/tickets"}, newHost(map[string]string{"HF_HOME": home}, io.Discard))
	got, err := s.Classify(t.Context(), request(want.Text, ""))
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, want)
}

func TestNoModelAnywhereIsAnInvalidRequest(t *testing.T) {
	_, err := build(t, Params{}, api.Host{}).Classify(t.Context(), request("text", ""))
	if !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), "model_name") {
		t.Errorf("error is %v", err)
	}
}

func TestAModelThatIsNotThereIsNotFound(t *testing.T) {
	s := build(t, Params{CacheDir: t.TempDir()}, newHost(map[string]string{"HF_HUB_OFFLINE": "1"}, io.Discard))
	_, err := s.Classify(t.Context(), request("text", "org/none"))
	if !errors.Is(err, api.ErrNotFound) {
		t.Errorf("error is %v", err)
	}
}

func TestAModelThatWasRepairedWorksWithoutARestart(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(cased)); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "config.json")
	if err := os.Rename(config, config+".away"); err != nil {
		t.Fatal(err)
	}
	s := build(t, Params{ModelName: folder}, api.Host{})
	if _, err := s.Classify(t.Context(), request("text", "")); err == nil || !strings.Contains(err.Error(), config) {
		t.Fatalf("error is %v", err)
	}
	if err := os.Rename(config+".away", config); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Classify(t.Context(), request("text", "")); err != nil {
		t.Errorf("after the repair: %v", err)
	}
}

func TestAnInstructionSetIsForcedByTheEnvironment(t *testing.T) {
	want := recorded(t, "cased")[0]
	for _, isa := range engine.Available() {
		var log bytes.Buffer
		s := build(t, Params{ModelName: cased}, newHost(map[string]string{"OTAI_HF_ISA": isa.String()}, &log))
		got, err := s.Classify(t.Context(), request(want.Text, ""))
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, want)
		if !strings.Contains(log.String(), "backend="+isa.String()) {
			t.Errorf("the log doesn't say %v: %s", isa, &log)
		}
	}
	if _, err := newService(Params{}, newHost(map[string]string{"OTAI_HF_ISA": "mmx"}, io.Discard), newModelPool()); err == nil ||
		!strings.Contains(err.Error(), "OTAI_HF_ISA") || !strings.Contains(err.Error(), "avx512") {
		t.Errorf("an unknown one: error is %v", err)
	}
}

func TestConcurrentFirstCallsLoadAModelOnce(t *testing.T) {
	var log bytes.Buffer
	s := build(t, Params{Threads: 2}, newHost(nil, &log))
	cases := map[string][]answer{cased: recorded(t, "cased"), uncased: recorded(t, "uncased")}
	var calls sync.WaitGroup
	for i := range 12 {
		name := []string{cased, uncased}[i%2]
		want := cases[name][i]
		calls.Go(func() {
			got, err := s.Classify(context.Background(), request(want.Text, name))
			if err != nil {
				t.Error(err)
				return
			}
			check(t, got, want)
		})
	}
	calls.Wait()
	if n := strings.Count(log.String(), "model loaded"); n != 2 {
		t.Errorf("two models were loaded %d times", n)
	}
}

// modelsOf are those of one service that loads by load.
func modelsOf(load func(context.Context, string) (classifier, error)) *loadedModels {
	return &loadedModels{
		pool: newModelPool(), models: make(map[modelKey]*loadedModel), load: load,
		key: func(folder string) modelKey { return modelKey{folder: folder} },
	}
}

func TestWhoWaitsForAModelLoadsItWhenTheLoaderWasCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loads := 0
		m := modelsOf(func(ctx context.Context, _ string) (classifier, error) {
			if loads++; loads == 1 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return nil, errors.New("second")
		})
		first, cancel := context.WithCancel(t.Context())
		firstDone, secondDone := make(chan error, 1), make(chan error, 1)
		go func() {
			_, _, err := m.acquire(first, "x", "x")
			firstDone <- err
		}()
		synctest.Wait()
		go func() {
			_, _, err := m.acquire(t.Context(), "x", "x")
			secondDone <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-firstDone; !errors.Is(err, context.Canceled) {
			t.Errorf("the first one's error is %v", err)
		}
		if err := <-secondDone; err == nil || err.Error() != "second" {
			t.Errorf("the second one's error is %v", err)
		}
		if err := m.close(); err != nil {
			t.Error(err)
		}
	})
}

func TestALoadThatPanicsLeavesNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := make(chan struct{})
		m := modelsOf(func(context.Context, string) (classifier, error) {
			<-start
			panic("test")
		})
		go func() {
			defer func() { _ = recover() }() // as the host does
			_, _, _ = m.acquire(t.Context(), "x", "x")
		}()
		synctest.Wait()
		waiting := make(chan error, 1)
		go func() {
			_, _, err := m.acquire(t.Context(), "x", "x")
			waiting <- err
		}()
		synctest.Wait()
		close(start)
		if err := <-waiting; err == nil {
			t.Error("no error")
		}
	})
}

func TestWaitingForAModelEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loaded := make(chan struct{})
		m := modelsOf(func(context.Context, string) (classifier, error) {
			<-loaded
			return nil, errors.New("done")
		})
		go m.acquire(t.Context(), "x", "x") // its error is the other's business
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan error, 1)
		go func() {
			_, _, err := m.acquire(ctx, "x", "x")
			waiting <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		close(loaded)
	})
}

func TestCloseWaitsForRunningCallsAndRefusesLaterOnes(t *testing.T) {
	s, err := newService(Params{ModelName: cased, Threads: 2}, api.Host{}, newModelPool())
	if err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for range 1000 {
				if _, err := s.Classify(context.Background(), request("printer", "")); err != nil {
					if !errors.Is(err, errClosed) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	if _, err := s.Classify(t.Context(), request("printer", "")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	calls.Wait()
	if _, err := s.Classify(t.Context(), request("printer", "")); !errors.Is(err, errClosed) {
		t.Errorf("after Close: error is %v", err)
	}
}

func TestAServiceThatWasNeverUsedCloses(t *testing.T) {
	s, err := newService(Params{}, api.Host{}, newModelPool())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
