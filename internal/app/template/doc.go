// Package template has the command that tries a template: [Eval] renders it in the scope
// that a file describes, and its value is shown as JSON (json.go).
package template
