package model

import (
	"fmt"
	"math"
)

// head classifies the one vector that a sequence has become: a dense layer, an
// activation, perhaps a normalization, and the classifier. It computes so little
// that it does so in double precision.
type head struct {
	dense, denseBias []float32
	activation       activation
	norm             norm // without gamma there is none
	epsilon          float32
	classifier, bias []float32
}

func (r *reader) head(c config, dense, classifier string, denseBias bool) head {
	h := head{activation: c.Head, epsilon: c.Epsilon}
	h.dense = r.values(dense+".weight", c.Hidden, c.Hidden)
	if denseBias {
		h.denseBias = r.values(dense+".bias", c.Hidden)
	} else {
		h.denseBias = r.room(c.Hidden)
	}
	fine := r.err == nil
	h.classifier = r.values(classifier+".weight", len(c.Labels), c.Hidden)
	if fine && r.err != nil {
		r.err = fmt.Errorf("%w (id2label in config.json has %d labels)", r.err, len(c.Labels))
	}
	h.bias = r.values(classifier+".bias", len(c.Labels))
	return h
}

func (h *head) logits(x []float32) []float32 {
	hidden := make([]float64, len(x))
	for i := range hidden {
		sum := float64(h.denseBias[i])
		for j, w := range h.dense[i*len(x):][:len(x)] {
			sum += float64(w) * float64(x[j])
		}
		hidden[i] = h.activation.value(sum)
	}
	if h.norm.gamma != nil {
		h.normalize(hidden)
	}
	logits := make([]float32, len(h.bias))
	for i := range logits {
		sum := float64(h.bias[i])
		for j, w := range h.classifier[i*len(x):][:len(x)] {
			sum += float64(w) * hidden[j]
		}
		logits[i] = float32(sum)
	}
	return logits
}

func (h *head) normalize(x []float64) {
	mean, variance := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x))
	}
	scale := 1 / math.Sqrt(variance+float64(h.epsilon))
	for i, v := range x {
		x[i] = (v-mean)*scale*float64(h.norm.gamma[i]) + float64(h.norm.beta[i])
	}
}
