package model

import (
	"encoding/json"
	"os"
	"testing"
)

func TestDistancesHaveTheBucketsOfTransformers(t *testing.T) {
	text, err := os.ReadFile("../../testdata/deberta_buckets.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Buckets   int   `json:"buckets"`
			Positions int   `json:"positions"`
			Of        []int `json:"of"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 8 {
		t.Fatalf("only %d settings", len(file.Cases))
	}
	for _, c := range file.Cases {
		p := relativeConfig{Buckets: c.Buckets, Farthest: c.Positions}
		for distance, want := range c.Of {
			if got := p.bucket(distance); got != want {
				t.Errorf("%d buckets, %d positions: distance %d is in %d, want %d", c.Buckets, c.Positions, distance, got, want)
			}
			if got := p.bucket(-distance); got != -want {
				t.Errorf("%d buckets, %d positions: distance %d is in %d, want %d", c.Buckets, c.Positions, -distance, got, -want)
			}
		}
	}
}
