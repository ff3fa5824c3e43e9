// Package jinja is the template language of the configuration: Jinja2 with
// native values, so that "{{ tickets[0] }}" yields the ticket and not its text.
//
// A [Renderer] parses sources and keeps them parsed; what it returns renders within
// its [Limits]. The rooms behind this door, from a source to its value: package syntax
// makes nodes of the source, eval evaluates them. Values are in value, their formats in
// format; what a template can name is in filters, methods and builtins, which get a
// runtime.State. Each has its limits from budget, errors have their places from
// position.
//
// A template sees the scope of its run and nothing else: it loads no file, calls no Go
// method, reads no struct, and ends within its limits. What it changes is its own: a
// template that calls a method such as append works on copies of the scope. A text that
// it hands on from the pipeline stays a text, whatever stands in it.
//
// Package analysis answers, without running a template, which names it uses and what it
// can yield when only some of them are known; [Names], [Misuses], [Comparisons] and
// [Outcomes] are its answers for templates of a Renderer.
package jinja
