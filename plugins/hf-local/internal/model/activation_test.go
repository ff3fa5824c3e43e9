package model

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

func TestActivationsHaveTheValuesOfTransformers(t *testing.T) {
	text, err := os.ReadFile("../../testdata/activations.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Points []float32 `json:"points"`
		Cases  []struct {
			Name string    `json:"name"`
			Of   []float64 `json:"of"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range file.Cases {
		names = append(names, c.Name)
	}
	if want := sortedKeys(activations); !slices.Equal(names, want) {
		t.Fatalf("transformers has %v, this %v", names, want)
	}

	for _, isa := range engine.Available() {
		k, err := engine.New(isa)
		if err != nil {
			t.Fatal(err)
		}
		arena := engine.NewArena(0)
		defer arena.Free()
		one, err := k.NewPacked(arena, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		k.Pack(one, 0, []float32{1}, []float32{0})
		out := engine.Matrix{Data: engine.Floats(len(file.Points) * k.Stride(1)), Stride: k.Stride(1)}
		for _, c := range file.Cases {
			act := activations[c.Name]
			linear(k, engine.NewThreads(2), len(file.Points), engine.Matrix{Data: file.Points, Stride: 1}, one, out, 1, act)
			for i, want := range c.Of {
				x := float64(file.Points[i])
				tolerance := 1e-6 * max(1, math.Abs(x))
				if got := act.value(x); !(math.Abs(got-want) <= tolerance) {
					t.Errorf("%s(%v) is %v, transformers has %v", c.Name, x, got, want)
				}
				if got := float64(out.Data[i*out.Stride]); !(math.Abs(got-want) <= tolerance) {
					t.Errorf("%v: %s(%v) is %v, transformers has %v", isa, c.Name, x, got, want)
				}
			}
		}
	}
}
