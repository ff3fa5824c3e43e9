package models

// merge is what a pair of tokens is merged to.
type merge struct {
	rank int32 // its place in the order of learning, or -1: none
	id   int32
}

// mergeTable is a hash table from a pair of ids.
type mergeTable struct {
	keys   []uint64 // left<<32 | right, +1; 0 is empty
	values []merge
	shift  uint
}

func newMergeTable(n int) mergeTable {
	bits := uint(2)
	for 1<<bits < 2*n {
		bits++
	}
	return mergeTable{keys: make([]uint64, 1<<bits), values: make([]merge, 1<<bits), shift: 64 - bits}
}

// slot is the place of a pair, or of the gap where it belongs.
func (t *mergeTable) slot(key uint64) int {
	for i := key * 0x9E3779B97F4A7C15 >> t.shift; ; i = (i + 1) & uint64(len(t.keys)-1) {
		if t.keys[i] == key || t.keys[i] == 0 {
			return int(i)
		}
	}
}

func pairKey(left, right int32) uint64 { return uint64(left)<<32 | uint64(right) + 1 }

func (t *mergeTable) put(left, right int32, m merge) {
	i := t.slot(pairKey(left, right))
	t.keys[i], t.values[i] = pairKey(left, right), m
}

func (t *mergeTable) get(left, right int32) merge {
	i := t.slot(pairKey(left, right))
	if t.keys[i] == 0 {
		return merge{rank: -1}
	}
	return t.values[i]
}
