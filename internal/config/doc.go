// Package config turns YAML into a checked document.
//
// Its files are the way of the data. Read, in document.go, takes the bytes of the
// configuration files and goes through read.go (a tree of values in which every
// value knows its file, line and column; syntax.go finds the place where YAML
// breaks off), upgrade.go (the accepted forms become one form), layers.go (koanf
// merges files, .env and environment), expand.go (${NAME}) and decode.go (the
// typed Document). No plugin is needed up to here, because the document says where
// the plugins are.
//
// Document.Check, in check.go, then holds the document against what the plugins
// offer: every use, every injection, every param and every template.
//
// Nothing stops at the first mistake. What is wrong is collected as Problems
// (problems.go), each with its place (position.go, and textposition.go for places
// in a template); secrets.go keeps what must not be shown.
package config
