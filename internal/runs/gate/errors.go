package gate

import (
	"errors"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// StoreError means that the run store could not be asked: nothing that the ticket
// system has to do with.
type StoreError struct {
	Doing string
	Err   error
}

func (e *StoreError) Error() string { return e.Doing + ": " + e.Err.Error() }
func (e *StoreError) Unwrap() error { return e.Err }

func storeError(doing string, err error) error { return &StoreError{Doing: doing, Err: err} }

func isStore(err error) bool {
	var own *StoreError
	return errors.As(err, &own) || errors.Is(err, store.ErrFence) || errors.Is(err, store.ErrCanceled) || errors.Is(err, store.ErrUnavailable) || errors.Is(err, ErrStopped)
}
