package models

// vocabulary is the ids of the tokens, where a model needs no other way to find them.
type vocabulary struct {
	ids     map[string]int32
	largest int32
}

func newVocabulary(ids map[string]int32) vocabulary {
	v := vocabulary{ids: ids}
	for _, id := range ids {
		v.largest = max(v.largest, id)
	}
	return v
}

// ID returns -1 for a token that isn't in it.
func (v *vocabulary) ID(token string) int32 {
	if id, ok := v.ids[token]; ok {
		return id
	}
	return -1
}

func (v *vocabulary) Entries() int { return len(v.ids) }

func (v *vocabulary) Top() int { return int(v.largest) + 1 }
