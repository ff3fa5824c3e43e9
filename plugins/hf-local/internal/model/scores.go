package model

import (
	"cmp"
	"math"
	"slices"
)

// Score is a label with the model's confidence in it.
type Score struct {
	Label      string
	Confidence float64
}

// scores turns logits into confidences, best first. Those that are equal in single
// precision, in which transformers has them, keep the order of the labels. Which function is applied follows transformers'
// text-classification pipeline: none for a regression, the sigmoid for
// independent labels and for a single one, softmax otherwise.
func scores(p problem, labels []string, logits []float32) []Score {
	out := make([]Score, len(logits))
	for i, x := range logits {
		out[i] = Score{Label: labels[i], Confidence: float64(x)}
	}
	switch {
	case p == regression:
	case p == multiLabel || len(labels) == 1:
		for i := range out {
			out[i].Confidence = 1 / (1 + math.Exp(-out[i].Confidence))
		}
	default:
		softmax(out)
	}
	slices.SortStableFunc(out, func(a, b Score) int { return cmp.Compare(float32(b.Confidence), float32(a.Confidence)) })
	return out
}

func softmax(s []Score) {
	top := math.Inf(-1)
	for _, v := range s {
		top = max(top, v.Confidence)
	}
	sum := 0.0
	for i := range s {
		s[i].Confidence = math.Exp(s[i].Confidence - top)
		sum += s[i].Confidence
	}
	for i := range s {
		s[i].Confidence /= sum
	}
}
