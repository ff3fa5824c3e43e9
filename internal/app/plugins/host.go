package plugins

import (
	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// HostPackage is a package that this otai links; its JSON form is stable. A plugin that
// links it, too, has to have the same version of its module.
type HostPackage struct {
	Package string `json:"package"`
	Module  string `json:"module"` // "" for the standard library
	Version string `json:"version"`
}

// HostPackages lists the packages that plugins share with this otai.
func HostPackages() ([]HostPackage, error) {
	host, err := preflight.ThisHost()
	if err != nil {
		return nil, app.ExitWith(app.CodeRun, err)
	}
	list := []HostPackage{}
	for _, l := range host.Linked() {
		list = append(list, HostPackage{Package: l.Package, Module: l.Module, Version: l.Version.Version})
	}
	return list, nil
}
