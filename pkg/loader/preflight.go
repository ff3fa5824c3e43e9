package loader

import (
	"errors"
	"reflect"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// factorySymbol is what a plugin file exports.
const factorySymbol = "CreatePlugin"

// Preflight tells of each file whether a process of this program that has opened
// nothing yet but the accepted ones before it could open it; nil means yes. Nothing
// of the files runs. Differences of packages are in the [preflight.Error] that the
// error wraps.
func Preflight(paths ...string) []*Error {
	refusals := make([]*Error, len(paths))
	process, err := preflight.ThisProcess()
	for n, path := range paths {
		p := &Plugin{Path: path}
		if err != nil {
			refusals[n] = p.refused(err)
			continue
		}
		image, refusal := readImage(p, path)
		if refusal == nil {
			refusal = check(p, image, process)
		}
		if refusals[n] = refusal; refusal == nil {
			process.Opened(image)
		}
	}
	return refusals
}

// readImage reads the private copy and runs nothing of it.
func readImage(p *Plugin, private string) (*preflight.Image, *Error) {
	image, err := preflight.Read(private)
	if err != nil {
		return nil, p.refused(err)
	}
	image.File = p.Path // messages to people name the file that they know
	return image, nil
}

// check tells whether the process can open the image.
func check(p *Plugin, image *preflight.Image, process *preflight.Process) *Error {
	wanted := preflight.Symbol{Name: factorySymbol, Type: preflight.TypeName(reflect.TypeFor[factory]())}
	if err := process.Check(image, wanted); err != nil {
		return p.refused(err)
	}
	return nil
}

func (p *Plugin) refused(err error) *Error {
	refusal := &Error{Stage: StagePreflight, Code: CodeUnreadable, Path: p.Path, Err: err}
	if known := (*preflight.Error)(nil); errors.As(err, &known) {
		refusal.Code, refusal.Fix = Code(known.Code), remedy(known)
	}
	return refusal
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
