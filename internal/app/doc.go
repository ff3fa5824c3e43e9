// Package app puts otai together, once, for every command.
//
// [Prepare] goes the one way of the data: configuration files, loader, registry,
// check of the whole document, orchestrator. The commands are functions beside it
// ([Run], [Demo], [Helpdesk], [Validate], [Classify], [Plugins]) that take
// settings and writers and return a [*Fault] with the exit code.
//
// Secrets that any part learns go to the [Redactor], which all output passes.
package app
