package models

import "fmt"

// wordLevel knows only whole words.
type wordLevel struct {
	vocabulary map[string]int32
	unknown    int32
	largest    int32
}

func newWordLevel(vocabulary map[string]int32, unknown string) (Model, error) {
	w := &wordLevel{vocabulary: vocabulary}
	var ok bool
	if w.unknown, ok = vocabulary[unknown]; !ok {
		return nil, fmt.Errorf("vocab has no %.200q, which is unk_token", unknown)
	}
	for _, id := range vocabulary {
		w.largest = max(w.largest, id)
	}
	return w, nil
}

func (w *wordLevel) ID(token string) int32 {
	if id, ok := w.vocabulary[token]; ok {
		return id
	}
	return -1
}

func (w *wordLevel) Entries() int { return len(w.vocabulary) }

func (w *wordLevel) Top() int { return int(w.largest) + 1 }

func (w *wordLevel) Append(ids []int32, word string) []int32 {
	if id, ok := w.vocabulary[word]; ok {
		return append(ids, id)
	}
	return append(ids, w.unknown)
}
