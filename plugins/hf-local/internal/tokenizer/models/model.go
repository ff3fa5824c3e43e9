package models

// Model turns one word into ids. It is safe for concurrent use.
type Model interface {
	// Append appends the ids of word.
	Append(ids []int32, word string) []int32
	// ID returns the id of a whole token, or -1.
	ID(token string) int32
	// Entries is how many tokens the vocabulary has.
	Entries() int
	// Top is one more than the largest id.
	Top() int
}
