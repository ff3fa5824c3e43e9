// Package position says where in a template's source something stands. A [Pos] is a
// byte offset, which nodes embed; an [Error] is an error at such an offset. Lines and
// columns are counted only once, by [Locate], when an error leaves the template
// language.
package position
