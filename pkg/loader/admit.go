package loader

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// admit judges what a plugin says of itself and registers its injectables.
func (l *loading) admit(p *Plugin, app api.AppConfig, d description) *Error {
	checks := []func() *Error{
		func() *Error { return checkMetadata(p, d.metadata) },
		func() *Error { return l.checkLevel(p, d.metadata) },
		func() *Error { return l.checkVersion(p, d.metadata) },
		func() *Error { return checkInjectables(p, d.injectables) },
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	err := l.registry.Register(p.Name, p.Prefix, app, d.injectables)
	if duplicate := (*registry.DuplicateError)(nil); errors.As(err, &duplicate) {
		fix := "remove one of the two plugins"
		if duplicate.First == duplicate.Second {
			fix = "give one of the two another name"
		}
		return p.fault(StageAdmit, CodeDuplicateInjectable, fix, "%q is offered by %s and again by %s", duplicate.Name, duplicate.First, duplicate.Second)
	}
	if err != nil {
		return p.fault(StageAdmit, CodeBadInjectable, "", "%w", err)
	}
	for _, injectable := range d.injectables {
		p.Injectables = append(p.Injectables, p.Prefix+l.Separator+injectable.Name)
	}
	slices.Sort(p.Injectables)
	return nil
}

func checkMetadata(p *Plugin, m api.Metadata) *Error {
	refuse := func(fix, format string, args ...any) *Error {
		return p.fault(StageOpen, CodeBadMetadata, fix, format, args...)
	}
	if m.Name == "" {
		return refuse(fmt.Sprintf("set it to %q", p.Name), "its metadata has no name")
	}
	if hyphens(m.Name) != p.Name {
		return refuse(fmt.Sprintf("name the file %s.so, or the plugin %s", strings.ReplaceAll(m.Name, "-", "_"), p.Name),
			"its metadata says that it is %q, its file name that it is %q", m.Name, p.Name)
	}
	if _, err := semver.StrictNewVersion(m.Version); err != nil {
		return refuse(`set it like "1.2.0"`, "its version %q is no semantic version: %w", m.Version, err)
	}
	if m.API != "" {
		if _, err := semver.NewConstraint(m.API); err != nil {
			return refuse(`write it like ">=1.0.0 <2"`, "its constraint on the API %q can't be read: %w", m.API, err)
		}
	}
	return nil
}

// checkLevel holds the level of the contract that the host offers against the
// plugin's constraint. A plugin without one needs nothing beyond the first level.
func (l *loading) checkLevel(p *Plugin, m api.Metadata) *Error {
	if m.API == "" {
		return nil
	}
	constraint, err := semver.NewConstraint(m.API)
	if err != nil || !constraint.Check(l.level) {
		return p.fault(StageAdmit, CodeAPIIncompatible, "use a host that offers it, or a version of the plugin for this host",
			"%s %s needs api %q, this host offers %s", m.Name, m.Version, m.API, l.level)
	}
	return nil
}

// checkVersion holds the plugin's version against the configuration's constraint.
func (l *loading) checkVersion(p *Plugin, m api.Metadata) *Error {
	for name, text := range l.VersionOf {
		if hyphens(name) != p.Name || text == "" {
			continue
		}
		constraint, err := semver.NewConstraint(text)
		if err != nil {
			return p.fault(StageAdmit, CodeVersionConstraint, `write it like ">=1.2 <2"`, "the configuration's version %q for it can't be read: %w", text, err)
		}
		version, err := semver.StrictNewVersion(m.Version)
		if err != nil || !constraint.Check(version) {
			return p.fault(StageAdmit, CodeVersionConstraint, "install a version that fits, or change the configuration's plugins",
				"the configuration wants version %q, this is %s", text, m.Version)
		}
	}
	return nil
}

var validInjectable = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// checkInjectables reports everything that is wrong with them at once.
func checkInjectables(p *Plugin, list []api.Injectable) *Error {
	var faults []string
	for n, injectable := range list {
		if err := checkInjectable(injectable); err != nil {
			faults = append(faults, fmt.Sprintf("injectable %d (%q): %v", n+1, injectable.Name, err))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return p.fault(StageOpen, CodeBadInjectable, "correct this in the plugin's source", "%s", strings.Join(faults, "; "))
}

func checkInjectable(i api.Injectable) error {
	if !validInjectable.MatchString(i.Name) {
		return errors.New("a name begins with a letter and has only letters, digits and underscores")
	}
	// The build functions are hidden so that nobody but api can set them; whether
	// they are set can be read without calling the plugin.
	hidden := reflect.ValueOf(i)
	if hidden.FieldByName("service").IsNil() && hidden.FieldByName("pipe").IsNil() {
		return errors.New("has no build function: make it with api.NewService, api.NewPipe or api.NewPipeFunc")
	}
	if i.Params == nil {
		return errors.New("has no params struct")
	}
	if _, err := params.Describe(i.Params); err != nil {
		return err
	}
	return nil
}
