// Package trie finds the longest entry of a vocabulary that a text begins with.
package trie

// Trie finds every entry of a vocabulary that a text begins with, a byte a step.
// Its edges are in one hash table, from a node and a byte to the next node: it is
// built as fast as the vocabulary is read, and takes 12 to 20 bytes a node.
type Trie struct {
	keys  []uint32 // node<<8 | byte, +1; 0 is empty
	nexts []int32
	shift uint32
	ids   []int32 // of the entry that ends at a node, or -1
}

// Root is the node where every entry begins.
const Root = int32(0)

// At returns the id of the entry that ends at a node, or -1.
func (t *Trie) At(node int32) int32 { return t.ids[node] }

// maxNodes is what a key has room for.
const maxNodes = 1<<24 - 1

// New has room for about that many nodes before it has to grow.
func New(nodes int) *Trie {
	bits := uint32(4)
	for 1<<bits < nodes+nodes/2 && bits < 25 {
		bits++
	}
	t := &Trie{ids: make([]int32, 1, nodes+1)}
	t.ids[0] = -1
	t.alloc(bits)
	return t
}

func (t *Trie) alloc(bits uint32) {
	t.keys, t.nexts, t.shift = make([]uint32, 1<<bits), make([]int32, 1<<bits), 32-bits
}

// slot is where the search for a key begins (Knuth's multiplicative hash).
func (t *Trie) slot(key uint32) uint32 { return key * 2654435769 >> t.shift }

// Next returns the node after node and c, or -1.
func (t *Trie) Next(node int32, c byte) int32 {
	key := uint32(node)<<8 | uint32(c) + 1
	mask := uint32(len(t.keys) - 1)
	for i := t.slot(key); ; i = (i + 1) & mask {
		switch t.keys[i] {
		case key:
			return t.nexts[i]
		case 0:
			return -1
		}
	}
}

// Add makes id the entry token; a later one replaces an earlier. It returns false
// if there is no room for more nodes.
func (t *Trie) Add(token string, id int32) bool {
	node := Root
	for i := range len(token) {
		next := t.Next(node, token[i])
		if next < 0 {
			if next = t.grow(node, token[i]); next < 0 {
				return false
			}
		}
		node = next
	}
	t.ids[node] = id
	return true
}

// grow adds a node after node.
func (t *Trie) grow(node int32, c byte) int32 {
	next := int32(len(t.ids))
	if next >= maxNodes {
		return -1
	}
	if len(t.ids)*4 > len(t.keys)*3 {
		keys, nexts := t.keys, t.nexts
		t.alloc(32 - t.shift + 1)
		for i, key := range keys {
			if key != 0 {
				t.put(key, nexts[i])
			}
		}
	}
	t.ids = append(t.ids, -1)
	t.put(uint32(node)<<8|uint32(c)+1, next)
	return next
}

func (t *Trie) put(key uint32, next int32) {
	mask := uint32(len(t.keys) - 1)
	i := t.slot(key)
	for t.keys[i] != 0 {
		i = (i + 1) & mask
	}
	t.keys[i], t.nexts[i] = key, next
}

// ID returns the id of exactly token, or -1.
func (t *Trie) ID(token string) int32 {
	node := Root
	for i := range len(token) {
		if node = t.Next(node, token[i]); node < 0 {
			return -1
		}
	}
	return t.ids[node]
}
