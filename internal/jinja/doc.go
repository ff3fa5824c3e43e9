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
// file, calls no Go method, reads no struct, and ends within its limits. What it
// changes is its own: a template that calls a method such as append works on copies
// of the scope (list.go). A text that it hands on from the pipeline stays a text,
// whatever stands in it (kept.go).
//
// [Names] tells, without running a template, which names it uses, and [Outcomes] what
// it can yield when only some of them are known.
package jinja
