package loader

import (
	"errors"
	"reflect"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// factorySymbol is what a plugin file exports.
const factorySymbol = "CreatePlugin"

// Preflight checks, without running anything in the files, whether this program could open
// them as plugins, one after another in a new process. The result has an entry for each
// path: nil for a file that it could open, otherwise the reason. Each file is checked
// against the host and the accepted files before it. Packages that differ are listed in
// the [preflight.Error] that the error wraps.
func Preflight(paths ...string) []*Error {
	rejections := make([]*Error, len(paths))
	process, err := preflight.ThisProcess()
	for n, path := range paths {
		p := &Plugin{Path: path}
		if err != nil {
			rejections[n] = asError(p.preflightError(err))
			continue
		}
		image, rejection := readImage(p, path)
		if rejection == nil {
			rejection = check(p, image, process)
		}
		if rejections[n] = asError(rejection); rejection == nil {
			process.Opened(image)
		}
	}
	return rejections
}

// readImage reads the private copy and runs nothing of it.
func readImage(p *Plugin, private string) (*preflight.Image, error) {
	image, err := preflight.Read(private)
	if err != nil {
		return nil, p.preflightError(err)
	}
	image.File = p.Path // messages to people name the file that they know
	return image, nil
}

// check reports whether the process can open the image.
func check(p *Plugin, image *preflight.Image, process *preflight.Process) error {
	wanted := preflight.Symbol{Name: factorySymbol, Type: preflight.TypeName(reflect.TypeFor[factory]())}
	if err := process.Check(image, wanted); err != nil {
		return p.preflightError(err)
	}
	return nil
}

func (p *Plugin) preflightError(err error) error {
	rejection := &Error{Stage: StagePreflight, Code: CodeUnreadable, Path: p.Path, Err: err}
	if known := (*preflight.Error)(nil); errors.As(err, &known) {
		rejection.Code, rejection.Fix = Code(known.Code), remedy(known)
	}
	return rejection
}

// remedy adds what otai offers to what preflight, which knows nothing of otai,
// says about a file.
func remedy(rejection *preflight.Error) string {
	switch rejection.Code {
	case preflight.GoVersion, preflight.BuildSettings, preflight.PackageMismatch:
		return rejection.Fix + "; or, from its sources: otai plugin build DIR"
	case preflight.WrongSymbolType:
		return factoryDeclaration
	}
	return rejection.Fix
}

const factoryDeclaration = "declare it as func " + factorySymbol + "(cfg api.AppConfig) api.Plugin"
