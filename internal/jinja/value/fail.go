package value

import (
	"github.com/open-ticket-ai/otai/pkg/api"
)

// FailMark is what fail() yields. Put out, it makes the pipe's result a failed one.
type FailMark struct{ Message string }

// Err is the error that makes a pipe's result a failed one.
func (f *FailMark) Err() error { return &api.FailError{Message: f.Message} }
