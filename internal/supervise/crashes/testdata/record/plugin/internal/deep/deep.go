// Package deep is a part of the plugin.
package deep

// Words are words.
type Words[T any] struct{ list []T }

// Take panics.
func (w *Words[T]) Take(n int) T { return w.list[n] }
