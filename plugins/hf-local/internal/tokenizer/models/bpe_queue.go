package models

// candidate is a pair of neighbors that may be merged.
type candidate struct {
	key uint64 // rank<<32 | the place of the left one: the smallest is merged first
	id  int32
}

func newCandidate(m merge, place int32) candidate {
	return candidate{uint64(m.rank)<<32 | uint64(place), m.id}
}

func (c candidate) place() int32 { return int32(c.key & (1<<32 - 1)) }

// candidates is a binary heap. (That of the standard library takes an interface
// for each, which took most of the time.)
type candidates []candidate

func (c candidates) order() {
	for i := len(c)/2 - 1; i >= 0; i-- {
		c.down(i)
	}
}

func (c *candidates) push(one candidate) {
	*c = append(*c, one)
	h := *c
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if h[parent].key <= h[i].key {
			break
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
}

func (c *candidates) pop() candidate {
	h := *c
	first, end := h[0], len(h)-1
	h[0] = h[end]
	*c = h[:end]
	c.down(0)
	return first
}

func (c candidates) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(c) {
			return
		}
		if child+1 < len(c) && c[child+1].key < c[child].key {
			child++
		}
		if c[i].key <= c[child].key {
			return
		}
		c[i], c[child] = c[child], c[i]
		i = child
	}
}
