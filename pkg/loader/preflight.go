package loader

import (
	"errors"
	"log/slog"
	"os"
	"reflect"
	"slices"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// factorySymbol is what a plugin file exports.
const factorySymbol = "CreatePlugin"

// Preflight checks, without running anything in the files, whether this program could open
// them as plugins, one after another in a new process. The result has an entry for each
// path: nil for a file that it could open, otherwise the reason. Each file is checked
// against the host and the accepted files before it. Packages that differ are listed in
// the [preflight.Error] that the error wraps. The error beside them is for a host that
// can't open plugins at all.
func Preflight(paths ...string) ([]*Error, error) {
	rejections := make([]*Error, len(paths))
	host, err := thisHost()
	if err != nil {
		return nil, err
	}
	process, err := preflight.NewProcess(host)
	if err != nil {
		return nil, hostError(err)
	}
	for n, path := range paths {
		p := &Plugin{Path: path}
		image, rejection := readImage(p, path)
		if rejection == nil {
			rejection = check(p, image, process)
		}
		if rejections[n] = asError(rejection); rejection == nil {
			process.Opened(image)
		}
	}
	return rejections, nil
}

// PreflightBeside is [Preflight] for the files at paths beside the plugins in the folders of o,
// each judged where [InspectFiles] judges it. The result has all of them, the files last, in the order of
// paths; the status of one that could be opened is Loaded.
func PreflightBeside(o Options, paths ...string) ([]Plugin, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	plugins, err := beside(paths)(o, registry.New(o.Separator))
	if err != nil {
		return nil, err
	}
	var judged []string
	for _, p := range plugins {
		if p.Err == nil {
			judged = append(judged, p.Path)
		}
	}
	rejections, err := Preflight(judged...)
	if err != nil {
		return nil, err
	}
	for n := range plugins {
		p := &plugins[n]
		if p.Err != nil {
			continue
		}
		p.Status, p.Err, rejections = Loaded, rejections[0], rejections[1:]
		if p.Err != nil {
			p.Status = Rejected
		}
	}
	givenLast(plugins)
	return plugins, nil
}

// CheckHost says why this program can't open plugins, or nil. The error is an [*Error].
func CheckHost() error {
	host, err := thisHost()
	if err == nil {
		_, err = preflight.NewProcess(host)
	}
	return hostError(err)
}

func thisHost() (*preflight.Image, error) {
	host, err := preflight.ThisHost()
	return host, hostError(err)
}

// hostError makes an error about this program's own binary of one of preflight's.
func hostError(err error) error {
	if err == nil || asError(err) != nil {
		return err
	}
	self := &Plugin{Path: "this program"}
	if path, err := os.Executable(); err == nil {
		self.Path = path
	}
	return self.preflightError(err)
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
		rejection.Code, rejection.Fix, rejection.Other = Code(known.Code), remedy(known), known.Opened
	}
	return rejection
}

// fromSources is the command that builds a plugin so that it matches this host, whatever is
// wrong with the file at hand.
const fromSources = "otai plugin build DIR"

// remedy adds what otai offers to what preflight, which knows nothing of otai,
// says about a file.
func remedy(rejection *preflight.Error) string {
	switch rejection.Code {
	case preflight.NotELF, preflight.NotAGoPlugin:
		return "take the file that is meant; or build it from its sources: " + fromSources
	case preflight.PackageConflict:
		if !obtainable(rejection.Differences) {
			return rejection.Fix
		}
		return rejection.Fix + "; or, from its sources: " + fromSources
	case preflight.WrongArch, preflight.GoVersion, preflight.BuildSettings, preflight.PackageMismatch, preflight.Truncated:
		return rejection.Fix + "; or, from its sources: " + fromSources
	case preflight.MissingSymbol:
		return "write in package main: " + factoryDeclaration
	case preflight.WrongSymbolType:
		return "declare it in package main as: " + factoryDeclaration
	case preflight.BadToolchain, preflight.UnfitHost:
		return rejection.Fix + "; or, in its sources: make"
	}
	return rejection.Fix
}

// obtainable reports whether the other plugin's versions of what differs can be had by their
// numbers: not those of a folder, nor what differs at the same version.
func obtainable(differences []preflight.Difference) bool {
	return !slices.ContainsFunc(differences, func(d preflight.Difference) bool {
		folder := d.Host.Replaced != "" && d.Host.Sum == ""
		return d.Module == "" || folder || d.Plugin.Version == d.Host.Version && d.Host.Replaced == ""
	})
}

const factoryDeclaration = "func " + factorySymbol + "(cfg api.AppConfig) api.Plugin"
