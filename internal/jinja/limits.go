package jinja

const (
	maxNesting    = 60  // statements within statements, in the source
	maxExpression = 200 // expressions within expressions, in the source
)
