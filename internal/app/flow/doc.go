// Package flow knows the pipes of a configuration before any of them is built.
//
// [Pipes] lists them, each with what runs around and before it (pipes.go). A [Follower]
// follows their templates and returns what a param can become (follower.go), by which the
// checks know the models that are asked and the names that a help desk gets.
package flow
