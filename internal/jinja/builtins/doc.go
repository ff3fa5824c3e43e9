// Package builtins has the tests, such as "is defined" (tests.go), the functions of Jinja2
// (functions.go) and those of the pipeline, such as get_pipe_result (pipeline.go). [New]
// puts them, the filters and the methods together into the library of a renderer.
package builtins
