// Package source reads one file of YAML.
//
// [Parse] makes YAML's own nodes of its bytes; what keeps a file from being read is
// reported with its place: syntax.go looks for the place where YAML breaks off,
// invisible.go for characters that people don't see. [Expand] resolves aliases and
// merge keys, so that a [Node] is left for each value, with its place and its text as
// it was written. [TextPosition] finds a place inside a text, such as a template.
//
// Here is also what everything about a configuration is reported by: a [Diagnostic]
// with its [Position], and [Diagnostic.Excerpt], which shows its line without what
// may be a secret.
package source
