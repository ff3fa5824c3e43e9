// Package app puts otai together, once, for every command.
//
// prepare goes the one way of the data: configuration files, loader, registry,
// check of the whole document; then the orchestrator builds and runs. The commands
// are the functions [Run], [Demo], [Helpdesk], [Validate], [Classify] and
// [Plugins]. They take [Settings], know nothing of flags, and return a [*Fault]
// with the exit code.
//
// Secrets that any part learns go to the [Redactor], which all logs and errors
// pass.
package app
