package config

import "github.com/open-ticket-ai/otai/internal/config/source"

// What a configuration is read from, and what is reported about it, is declared by
// [source].
type (
	Source      = source.File
	Position    = source.Position
	Diagnostic  = source.Diagnostic
	Diagnostics = source.Diagnostics
	Reporter    = source.Reporter
	Redactor    = source.Redactor
)

// The severities of a [Diagnostic].
const (
	SeverityError   = source.SeverityError
	SeverityWarning = source.SeverityWarning
	SeverityAdvice  = source.SeverityAdvice
)

// MaxBytes is how long a configuration file may be.
const MaxBytes = source.MaxBytes
