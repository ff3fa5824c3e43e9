// Package config reads a configuration into a [Document].
//
// [Read], in document.go, goes the way of the data. layers.go has koanf merge the files,
// .env, the environment and the flags; each file is parsed once, by room source, brought
// into the current form by room upgrade, and handed to koanf as a tree whose values know
// where they stand. The merged tree (tree.go) is what all that follows reads: references.go
// replaces ${NAME} and ${file:PATH} in it, decode.go makes the typed Document of it, and
// for each diagnostic it knows the place. No plugin is needed for that, because the
// document says where the plugins are.
//
// Room check compares the document with what the plugins offer, as room catalog
// describes it, and room schema describes for editors what a file may contain. What those need
// to know of the reading is in reading.go.
//
// Nothing stops at the first mistake. What is wrong is collected as Diagnostics, each
// with its place; secrets.go keeps what must not be shown out of them.
package config
