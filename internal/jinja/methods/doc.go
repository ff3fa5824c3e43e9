// Package methods has the methods of Python's types: of strings (text.go, search.go,
// convert.go), escaped text (markup.go), lists and mappings (container.go, and those that
// change their object in in_place.go) and numbers (number.go). [AddTo] puts them into a
// library.
package methods
