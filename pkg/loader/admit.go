package loader

import (
	"github.com/Masterminds/semver/v3"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// admit checks what a plugin says of itself against the host, the configuration and
// the plugins before it. taken maps registry names to the plugins that have
// them.
func (l *loading) admit(p *Plugin, m api.Metadata, names []string, taken map[string]string) error {
	if err := l.checkLevel(p, m); err != nil {
		return err
	}
	if err := l.checkVersion(p, m); err != nil {
		return err
	}
	return p.checkNames(names, taken)
}

// checkLevel checks the level of the contract that the host offers against the
// plugin's constraint. A plugin without one needs nothing beyond the first level.
func (l *loading) checkLevel(p *Plugin, m api.Metadata) error {
	if m.API == "" {
		return nil
	}
	constraint, err := semver.NewConstraint(m.API)
	if err != nil || !constraint.Check(l.level) {
		return p.errorf(StageAdmit, CodeAPIIncompatible, "use a host that offers it, or a version of the plugin for this host",
			"%s %s needs api %q, this host offers %s", m.Name, m.Version, m.API, l.level)
	}
	return nil
}

// checkVersion checks the plugin's version against the configuration's constraint.
func (l *loading) checkVersion(p *Plugin, m api.Metadata) error {
	text := l.policy(p).Version
	if text == "" {
		return nil
	}
	constraint, err := semver.NewConstraint(text)
	if err != nil {
		return p.errorf(StageAdmit, CodeVersionConstraint, `write it like ">=1.2 <2"`, "the configuration's version %q for it can't be read: %w", text, err)
	}
	version, err := semver.StrictNewVersion(m.Version)
	if err != nil || !constraint.Check(version) {
		return p.errorf(StageAdmit, CodeVersionConstraint, "install a version that fits, or change the configuration's plugins",
			"the configuration wants version %q, this is %s", text, m.Version)
	}
	return nil
}
