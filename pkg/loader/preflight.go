package loader

import (
	"errors"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// factorySymbol is what a plugin file exports.
const factorySymbol = "CreatePlugin"

// inspect reads the private copy and tells whether this process can open it.
func inspect(p *Plugin, private string, process *preflight.Process) (*preflight.Image, *Error) {
	image, err := preflight.Read(private)
	if err == nil {
		image.File = p.Path // messages to people name the file that they know
		err = process.Check(image, factorySymbol)
	}
	if err == nil {
		return image, nil
	}
	refusal := &Error{Stage: StagePreflight, Code: CodeUnreadable, Path: p.Path, Err: err}
	if known := (*preflight.Error)(nil); errors.As(err, &known) {
		refusal.Code, refusal.Fix = Code(known.Code), known.Fix
	}
	return nil, refusal
}
