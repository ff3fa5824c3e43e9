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

// problemType is problem_type of config.json: how logits become confidences.
type problemType string

const (
	unspecified problemType = ""
	regression  problemType = "regression"
	singleLabel problemType = "single_label_classification"
	multiLabel  problemType = "multi_label_classification"
)

// scores turns logits into labels with confidences, best first. As in transformers'
// text-classification pipeline, the function is none for a regression, the sigmoid for
// independent labels and for a single one, and softmax otherwise. Labels whose
// confidences are equal in single precision, which transformers computes in, keep their
// order.
func scores(p problemType, labels []string, logits []float32) []Score {
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
