// Package jinja is the template language of the configuration: Jinja2 with
// native values, so that "{{ tickets[0] }}" yields the ticket and not its text.
//
// A source goes through the lexer (lexer*.go) and the parser (parse*.go) into
// nodes (ast.go) that evaluate themselves (eval*.go, loop.go, macro.go) within one
// run's budget (limits.go). Values behave as Python's do (values.go, dict.go,
// access.go, operators.go, compare.go, text.go). Filters, tests, methods and
// functions stand in one table per kind (library.go). What a template put out is
// joined and read as a Python literal (output.go, literal.go).
//
// A template sees the scope of its run (pipeline.go) and nothing else: it loads no
// file, calls no Go method, reads no struct, changes no value of the scope, and
// ends within its limits.
package jinja
