package model

import (
	"math"
	"slices"
	"testing"
)

func TestScoresFollowTheProblemType(t *testing.T) {
	e := math.E
	tests := map[string]struct {
		kind   problemType
		logits []float32
		want   []Score
	}{
		"several labels, unsaid":      {unspecified, []float32{0, 1}, []Score{{"b", e / (1 + e)}, {"a", 1 / (1 + e)}}},
		"single label":                {singleLabel, []float32{1, 0}, []Score{{"a", e / (1 + e)}, {"b", 1 / (1 + e)}}},
		"independent labels":          {multiLabel, []float32{0, 1}, []Score{{"b", e / (1 + e)}, {"a", 0.5}}},
		"one label":                   {unspecified, []float32{0}, []Score{{"a", 0.5}}},
		"one label, called single":    {singleLabel, []float32{0}, []Score{{"a", 0.5}}},
		"regression":                  {regression, []float32{-3, 7}, []Score{{"b", 7}, {"a", -3}}},
		"huge logits":                 {unspecified, []float32{3e38, -3e38}, []Score{{"a", 1}, {"b", 0}}},
		"equal ones in float32":       {multiLabel, []float32{20, 25}, []Score{{"a", 1}, {"b", 1}}},
		"equal ones keep their order": {unspecified, []float32{2, 2}, []Score{{"a", 0.5}, {"b", 0.5}}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			got := scores(c.kind, []string{"a", "b"}[:len(c.logits)], c.logits)
			if !slices.EqualFunc(got, c.want, func(a, b Score) bool {
				return a.Label == b.Label && math.Abs(a.Confidence-b.Confidence) < 1e-7
			}) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
