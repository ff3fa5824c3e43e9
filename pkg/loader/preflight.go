package loader

import (
	"errors"
	"reflect"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// factorySymbol is what a plugin file exports.
const factorySymbol = "CreatePlugin"

// inspect reads the private copy and tells whether this process can open it.
func inspect(p *Plugin, private string, process *preflight.Process) (*preflight.Image, *Error) {
	image, err := preflight.Read(private)
	if err == nil {
		image.File = p.Path // messages to people name the file that they know
		err = process.Check(image, preflight.Symbol{Name: factorySymbol, Type: preflight.TypeName(reflect.TypeFor[factory]())})
	}
	if err == nil {
		return image, nil
	}
	refusal := &Error{Stage: StagePreflight, Code: CodeUnreadable, Path: p.Path, Err: err}
	if known := (*preflight.Error)(nil); errors.As(err, &known) {
		refusal.Code, refusal.Fix = Code(known.Code), remedy(known)
	}
	return nil, refusal
}

// remedy adds what otai offers to what preflight, which knows nothing of otai,
// says about a file.
func remedy(refusal *preflight.Error) string {
	switch refusal.Code {
	case preflight.GoVersion, preflight.BuildSettings, preflight.PackageMismatch:
		return refusal.Fix + "; or, from its sources: otai plugin build DIR"
	case preflight.WrongSymbolType:
		return factoryDeclaration
	}
	return refusal.Fix
}

const factoryDeclaration = "declare it as func " + factorySymbol + "(cfg api.AppConfig) api.Plugin"
