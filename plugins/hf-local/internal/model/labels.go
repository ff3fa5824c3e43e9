package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// labels reads the problem type and the labels by class. Without id2label they are
// LABEL_0, LABEL_1 and so on, two of them unless num_labels says otherwise;
// label2id alone counts for nothing, as in transformers.
func (k *keys) labels(c *config) {
	c.ProblemType = problemType(k.text("problem_type", ""))
	switch c.ProblemType {
	case unspecified, regression, singleLabel, multiLabel:
	default:
		k.fail("problem_type is %.200q; it can be %s, %s or %s", c.ProblemType, regression, singleLabel, multiLabel)
	}
	count := k.count(2, "num_labels")
	var byKey map[string]json.RawMessage
	if !k.read("id2label", &byKey) {
		for i := range count {
			c.Labels = append(c.Labels, "LABEL_"+strconv.Itoa(i))
		}
		return
	}
	var err error
	if c.Labels, err = labelsByID(byKey); err != nil {
		k.fail("id2label %w", err)
	}
	if k.has("num_labels") && count != len(byKey) {
		k.fail("num_labels is %d, but id2label has %d labels", count, len(byKey))
	}
}

// labelsByID returns the labels in the order of their classes.
func labelsByID(byKey map[string]json.RawMessage) ([]string, error) {
	if len(byKey) == 0 {
		return nil, errors.New("has no labels")
	}
	labels, found := make([]string, len(byKey)), make([]bool, len(byKey))
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		value := byKey[key]
		id, err := strconv.Atoi(strings.TrimSpace(key))
		if err != nil || id < 0 {
			return nil, fmt.Errorf("has the key %.200q, which is not a class", key)
		}
		if id >= len(labels) {
			continue // then there is a gap
		}
		var label any
		if err := json.Unmarshal(value, &label); err != nil {
			return nil, err
		}
		switch label := label.(type) {
		case string:
			labels[id] = label
		case float64, bool:
			labels[id] = string(value)
		default:
			return nil, fmt.Errorf("has the label %.80s for %d, which is not a text", value, id)
		}
		// A label becomes the name of a queue, and is shown to people.
		switch label := labels[id]; {
		case strings.TrimSpace(label) == "":
			return nil, fmt.Errorf("has an empty label for %d; give it a name in config.json", id)
		case strings.ContainsFunc(label, unicode.IsControl):
			return nil, fmt.Errorf("has the label %.80q for %d, which has a control character in it; give it another name in config.json", label, id)
		}
		found[id] = true
	}
	if gap := slices.Index(found, false); gap >= 0 {
		return nil, fmt.Errorf("has %d labels, but none for %d", len(byKey), gap)
	}
	return labels, nil
}
