// Package app puts otai together, once, for every command.
//
// [Prepare] goes the one way of the data: configuration files, loader, registry,
// check of the whole document; then the orchestrator builds and runs. Each command
// is a function such as [Run], [Validate] or [Doctor], in a file of its name. It takes
// [Settings], knows nothing of flags, and returns an [*ExitError] with the exit code.
//
// Secrets that any part learns go to the redactor, which all logs and errors
// pass.
package app
