// Package upgrade turns the forms in which a configuration may be written into one.
//
// [Nodes] changes the YAML nodes of a file: services become a mapping by id, the
// orchestrator a pipe with params.steps, and earlier names those of today
// (oldnames.go). repair.go puts what stands at a wrong place to where it was certainly
// meant to be, and reports it.
//
// [File] makes the same changes in the text of a file, for `otai config upgrade`:
// textchange.go says what a change of the nodes is to the text, filetext.go finds nodes
// in it. Where that is not possible, rewrite.go writes the whole file anew.
package upgrade
