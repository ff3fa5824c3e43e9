package models

import "fmt"

// wordLevel knows only whole words.
type wordLevel struct {
	vocabulary
	unknown int32
}

func newWordLevel(ids map[string]int32, unknown string) (Model, error) {
	w := &wordLevel{vocabulary: newVocabulary(ids)}
	var ok bool
	if w.unknown, ok = ids[unknown]; !ok {
		return nil, fmt.Errorf("vocab has no %.200q, which is unk_token", unknown)
	}
	return w, nil
}

func (w *wordLevel) Append(ids []int32, word string) []int32 {
	if id, ok := w.ids[word]; ok {
		return append(ids, id)
	}
	return append(ids, w.unknown)
}
