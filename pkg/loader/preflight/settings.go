package preflight

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// These flags change every package, the runtime included. A file with -msan or
// -asan ends the process while it is opened, without any error.
var alwaysAlike = []string{"-trimpath", "-race", "-msan", "-asan"}

// These change some packages, or none: they explain a difference that the
// fingerprints show, and are not a reason to reject a file by themselves.
var maybeAlike = []string{"-cover", "-pgo", "-gcflags", "-tags", "-asmflags", "-compiler"}

// checkRelease refuses other Go releases also where the fingerprints of all
// packages agree: the runtime would read module data of another layout, and
// panic while it holds a lock that every later plugin.Open needs.
func (p *Process) checkRelease(i *Image) error {
	hostRelease, hostExperiments := splitRelease(p.host.Build.GoVersion)
	pluginRelease, experiments := splitRelease(i.Build.GoVersion)
	if pluginRelease != hostRelease {
		return &Error{
			Code:  GoVersion,
			Cause: fmt.Sprintf("was built by %s, this host by %s", pluginRelease, hostRelease),
			Fix:   fmt.Sprintf("build it again with: GOTOOLCHAIN=%s %s", hostRelease, p.buildCommand(i)),
		}
	}
	if experiments != hostExperiments {
		return &Error{
			Code:     BuildSettings,
			Cause:    fmt.Sprintf("was built with GOEXPERIMENT=%q, this host with %q", experiments, hostExperiments),
			Fix:      fmt.Sprintf("build it again with: GOEXPERIMENT=%s %s", hostExperiments, p.buildCommand(i)),
			Settings: []Setting{{Name: "GOEXPERIMENT", Plugin: experiments, Host: hostExperiments, Fix: "GOEXPERIMENT=" + hostExperiments}},
		}
	}
	return nil
}

// splitRelease splits "go1.26.8-X:jsonv2", which older releases write with a
// space.
func splitRelease(version string) (release, experiments string) {
	for _, separator := range []string{"-X:", " X:"} {
		if release, experiments, ok := strings.Cut(version, separator); ok {
			return release, experiments
		}
	}
	return version, ""
}

func (p *Process) checkSettings(i *Image) error {
	var causes []string
	var settings []Setting
	for _, flag := range alwaysAlike {
		here, there := i.setting(flag), p.host.setting(flag)
		switch {
		case here == "true" && there != "true":
			causes = append(causes, fmt.Sprintf("was built with %s, this host without", flag))
			settings = append(settings, Setting{Name: flag, Plugin: here, Host: there, Fix: flag + "=false"})
		case there == "true" && here != "true":
			causes = append(causes, fmt.Sprintf("was built without %s, this host with it", flag))
			settings = append(settings, Setting{Name: flag, Plugin: here, Host: there, Fix: flag})
		}
	}
	if len(causes) == 0 {
		return nil
	}
	fix := "build it again with: " + p.buildCommand(i)
	if p.host.setting("-trimpath") != "true" {
		fix = "build the host with -trimpath; or, for this host only, " + fix
	}
	mismatch := &Error{Code: BuildSettings, Cause: strings.Join(causes, "; "), Fix: fix, Settings: settings}
	if packages := (*Error)(nil); errors.As(p.checkPackages(i), &packages) {
		mismatch.Differences = packages.Differences
		blame(settings, mismatch.Differences)
	}
	return mismatch
}

// buildCommand is what makes the plugin for this host, in the folder of its sources. A
// profile there, or none of the host's, would change packages that both have.
func (p *Process) buildCommand(i *Image) string {
	command := "go build"
	for _, flag := range alwaysAlike {
		if p.host.setting(flag) == "true" {
			command += " " + flag
		}
	}
	return command + " -buildmode=plugin -pgo=off -o " + filepath.Base(i.File) + " ."
}

// mismatch explains packages that differ from the host's: by flags, where a flag
// can be the cause, else by the versions of their modules.
func (p *Process) mismatch(i *Image, differences []Difference) error {
	err := &Error{
		Code:        PackageMismatch,
		Cause:       "does not match this host in " + list(differences),
		Differences: differences,
	}
	standard := slices.ContainsFunc(differences, func(d Difference) bool { return d.Module == "" })
	sameVersions := !slices.ContainsFunc(differences, func(d Difference) bool { return d.Plugin.Version != d.Host.Version })
	var flags []string
	for _, flag := range maybeAlike {
		if here, there := i.setting(flag), p.host.setting(flag); here != there {
			flags = append(flags, fmt.Sprintf("%s is %s here and %s there", flag, cmp.Or(here, "not set"), cmp.Or(there, "not set")))
			err.Settings = append(err.Settings, Setting{Name: flag, Plugin: here, Host: there, Fix: fixSetting(flag, there)})
		}
	}
	if len(flags) > 0 && (standard || sameVersions) {
		err.Code = BuildSettings
		err.Cause += ", because build flags differ: " + strings.Join(flags, "; ")
		err.Fix = "build host and plugin with the same flags and -pgo=off"
		blame(err.Settings, differences)
		return err
	}
	if standard {
		err.Fix = alikeStandard
		return err
	}
	err.Fix = fixModules(differences)
	return err
}

// blame names the flags as what fixes differences that no version explains.
func blame(settings []Setting, differences []Difference) {
	fixes := make([]string, len(settings))
	for n, setting := range settings {
		fixes[n] = setting.Fix
	}
	for n, d := range differences {
		if d.Plugin.Version == d.Host.Version {
			differences[n].Fix = strings.Join(fixes, " ")
		}
	}
}

// fixSetting writes the flag that the host was built with.
func fixSetting(flag, host string) string {
	switch {
	case flag == "-pgo" && host == "":
		return "-pgo=off"
	case host == "":
		return "without " + flag
	case host == "true":
		return flag
	}
	return fmt.Sprintf("'%s=%s'", flag, host)
}

const (
	alikeSources = "the sources or their recorded paths differ: build without go.work, " +
		"with the same version of the module in require and, where it is replaced, the same sources"
	alikeStandard = "build both with the same Go release and flags, and with -pgo=off"
)

// fixDifference names the command that takes the other side's version, and falls
// back to advice where the version is not to blame: the recorded source path, and
// so the fingerprint, has no more of a module than its version.
func fixDifference(d Difference) string {
	switch {
	case d.Module == "":
		return alikeStandard
	case !d.byVersion():
		return alikeSources
	}
	return "go get " + d.Module + "@" + d.Host.Version
}

// byVersion reports whether the other side's version, fetched by its number, removes the
// difference.
func (d Difference) byVersion() bool {
	return d.Module != "" && d.Plugin.Version != d.Host.Version && strings.HasPrefix(d.Host.Version, "v") && d.Host.Replaced == ""
}

// fixModules joins what fixes the differences to one command, so that go takes all
// of the versions together.
func fixModules(differences []Difference) string {
	var modules []string
	for _, d := range differences {
		if module, ok := strings.CutPrefix(d.Fix, "go get "); ok && !slices.Contains(modules, module) {
			modules = append(modules, module)
		}
	}
	if len(modules) == 0 {
		return differences[0].Fix
	}
	return "in the plugin's folder: go get " + strings.Join(modules, " ") + ", then build it again"
}

// fixConflict is about two plugins, of which either can be changed.
func fixConflict(differences []Difference) string {
	if slices.ContainsFunc(differences, func(d Difference) bool { return !d.byVersion() }) {
		return "build both plugins with the same version of it from the same sources, or give one of the two another import path"
	}
	return fixModules(differences)
}
