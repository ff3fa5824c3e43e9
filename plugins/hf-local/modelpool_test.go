package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/model"
)

// warehouse makes models that remember whether they were closed in use.
type warehouse struct {
	t    *testing.T
	root string

	mu     sync.Mutex
	loaded []string // what is loaded now
	loads  int
}

type fakeModel struct {
	w      *warehouse
	name   string
	users  atomic.Int64
	closed atomic.Bool
}

func (f *fakeModel) Classify(context.Context, []string) ([]model.Result, error) {
	f.users.Add(1)
	defer f.users.Add(-1)
	if f.closed.Load() {
		f.w.t.Errorf("%s is used after it was freed", f.name)
	}
	return nil, nil
}

func (f *fakeModel) Close() error {
	if f.users.Load() != 0 || f.closed.Swap(true) {
		f.w.t.Errorf("%s is freed in use or twice", f.name)
	}
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	f.w.loaded = slices.DeleteFunc(f.w.loaded, func(n string) bool { return n == f.name })
	return nil
}

func (w *warehouse) load(_ context.Context, folder string) (classifier, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := filepath.Base(folder)
	w.loaded = append(w.loaded, name)
	w.loads++
	return &fakeModel{w: w, name: name}, nil
}

func (w *warehouse) now() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	names := slices.Clone(w.loaded)
	slices.Sort(names)
	return fmt.Sprint(names)
}

// folder makes one whose weights have that many bytes.
func (w *warehouse) folder(name string, bytes int) string {
	folder := filepath.Join(w.root, name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "model.safetensors"), make([]byte, bytes), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return folder
}

func newWarehouse(t *testing.T) *warehouse { return &warehouse{t: t, root: t.TempDir()} }

func (w *warehouse) models(s *modelPool, bound int64) *loadedModels {
	m := modelsOf(w.load)
	m.pool, m.bound = s, bound
	return m
}

// use takes a model and gives it back at once.
func use(t *testing.T, m *loadedModels, folder string) {
	t.Helper()
	_, release, err := m.acquire(t.Context(), filepath.Base(folder), folder)
	if err != nil {
		t.Fatal(err)
	}
	release()
}

func TestBeyondTheBoundTheLongestUnusedModelIsFreed(t *testing.T) {
	w := newWarehouse(t)
	m := w.models(newModelPool(), 100)
	a, b, c, big := w.folder("a", 40), w.folder("b", 40), w.folder("c", 40), w.folder("big", 500)
	for _, step := range []struct{ use, loaded string }{
		{a, "[a]"},
		{b, "[a b]"},
		{a, "[a b]"},
		{c, "[a c]"}, // b was not used longest
		{b, "[b c]"},
		{big, "[big]"}, // alone it may be above the bound
		{a, "[a]"},
		{b, "[a b]"},
	} {
		if use(t, m, step.use); w.now() != step.loaded {
			t.Fatalf("after %s: loaded are %s, want %s", filepath.Base(step.use), w.now(), step.loaded)
		}
	}
	if err := m.close(); err != nil || w.now() != "[]" {
		t.Errorf("after close: %s, %v", w.now(), err)
	}
}

func TestAModelInUseIsNotFreedButOnceItIsNot(t *testing.T) {
	w := newWarehouse(t)
	m := w.models(newModelPool(), 100)
	a, b, c := w.folder("a", 60), w.folder("b", 60), w.folder("c", 60)
	_, releaseA, err := m.acquire(t.Context(), "a", a)
	if err != nil {
		t.Fatal(err)
	}
	_, releaseB, err := m.acquire(t.Context(), "b", b)
	if err != nil {
		t.Fatal(err)
	}
	if w.now() != "[a b]" {
		t.Errorf("loaded are %s, want both", w.now())
	}
	releaseA()
	if w.now() != "[b]" {
		t.Errorf("after the release: %s, want [b]", w.now())
	}
	use(t, m, c)
	releaseB()
	if w.now() != "[c]" {
		t.Errorf("at the end: %s, want [c]", w.now())
	}
	if err := m.close(); err != nil {
		t.Error(err)
	}
}

func TestServicesShareAModelUntilTheLastOneEnds(t *testing.T) {
	w := newWarehouse(t)
	s := newModelPool()
	one, other := w.models(s, 0), w.models(s, 50)
	a, b := w.folder("a", 40), w.folder("b", 40)
	use(t, one, a)
	use(t, other, a)
	if w.loads != 1 {
		t.Errorf("%d loads, want 1", w.loads)
	}
	use(t, other, b) // which ends a for the other, by its bound
	if w.now() != "[a b]" {
		t.Errorf("loaded are %s: the first service still keeps a", w.now())
	}
	if err := one.close(); err != nil {
		t.Error(err)
	}
	if w.now() != "[b]" {
		t.Errorf("after the first ended: %s", w.now())
	}
	if err := other.close(); err != nil || w.now() != "[]" || len(s.models) != 0 {
		t.Errorf("after both ended: %s, %v, %v", w.now(), s.models, err)
	}
}

func TestANewerRevisionTakesThePlaceOfTheOld(t *testing.T) {
	w := newWarehouse(t)
	m := w.models(newModelPool(), 0)
	old, newer := w.folder("old", 1), w.folder("newer", 1)
	_, release, err := m.acquire(t.Context(), "org/x", old)
	if err != nil {
		t.Fatal(err)
	}
	_, releaseNewer, err := m.acquire(t.Context(), "org/x", newer)
	if err != nil {
		t.Fatal(err)
	}
	releaseNewer()
	if w.now() != "[newer old]" {
		t.Errorf("the old one is in use, but loaded are %s", w.now())
	}
	release()
	if w.now() != "[newer]" {
		t.Errorf("loaded are %s, want [newer]", w.now())
	}
	if err := m.close(); err != nil {
		t.Error(err)
	}
}

func TestManyCallersOfManyServicesUseNoFreedModel(t *testing.T) {
	w := newWarehouse(t)
	s := newModelPool()
	var folders []string
	for i := range 5 {
		folders = append(folders, w.folder(strconv.Itoa(i), 30))
	}
	var calls sync.WaitGroup
	for range 3 {
		m := w.models(s, 70)
		var own sync.WaitGroup
		for k := range 4 {
			own.Go(func() {
				for i := range 300 {
					ctx, cancel := context.WithCancel(context.Background())
					if (i+k)%7 == 0 {
						cancel()
					}
					folder := folders[(i*k+k)%len(folders)]
					c, release, err := m.acquire(ctx, filepath.Base(folder), folder)
					cancel()
					if err != nil {
						if !errors.Is(err, context.Canceled) {
							t.Error(err)
						}
						continue
					}
					if _, err := c.Classify(ctx, nil); err != nil {
						t.Error(err)
					}
					release()
				}
			})
		}
		calls.Go(func() {
			own.Wait()
			if err := m.close(); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if w.now() != "[]" || len(s.models) != 0 {
		t.Errorf("at the end there are %s, %v", w.now(), s.models)
	}
}

func TestTheMemoryOfAModelIsThatOfItsWeightsInSinglePrecision(t *testing.T) {
	w := newWarehouse(t)
	tests := map[string]struct {
		config string
		files  map[string]int
		want   int64
	}{
		"single":                   {`{}`, map[string]int{"model.safetensors": 100}, 100},
		"half":                     {`{"torch_dtype":"float16"}`, map[string]int{"model.safetensors": 100}, 200},
		"half by its newer key":    {`{"dtype":"bfloat16"}`, map[string]int{"model.safetensors": 100}, 200},
		"sharded":                  {`{}`, map[string]int{"model-1.safetensors": 100, "model-2.safetensors": 50}, 150},
		"a pickle only":            {`{}`, map[string]int{"pytorch_model.bin": 70}, 70},
		"a pickle that isn't read": {`{}`, map[string]int{"pytorch_model.bin": 70, "model.safetensors": 60}, 60},
		"a config that is broken":  {`{`, map[string]int{"model.safetensors": 100}, 100},
	}
	for what, c := range tests {
		folder := filepath.Join(w.root, what)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		c.files["config.json"] = 0
		for file, n := range c.files {
			if err := os.WriteFile(filepath.Join(folder, file), make([]byte, n), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(c.config), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := memoryOf(folder); got != c.want {
			t.Errorf("%s: %d, want %d", what, got, c.want)
		}
	}
}
