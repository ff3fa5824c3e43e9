// Package syntax turns a source into nodes. The lexer (lexer.go for text, lexer_tag.go
// for the inside of tags) makes tokens, [Parse] (parse.go, parse_stmt.go, parse_expr.go,
// parse_call.go) makes nodes of them (ast.go). Filters, tests and functions are looked up
// in the library while parsing, so that an unknown one is an error at its place.
package syntax
