// Package runtime is one rendering as filters, tests, methods and functions see it.
//
// [State] has the scope, the budget and the [Library] of all that a template can name.
// A [Filter], [Test], [Method] or [Function] has a [Signature], which puts the arguments
// of a call in order (callable.go). Attributes and subscripts are looked up in access.go,
// operators are in operators.go; [Results] shows the results of earlier steps.
package runtime
