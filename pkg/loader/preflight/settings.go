package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// These flags change every package, the runtime included. A file with -msan or
// -asan ends the process while it is opened, without any error.
var alwaysAlike = []string{"-trimpath", "-race", "-msan", "-asan"}

// These change some packages, or none: they explain a difference that the
// fingerprints show, and are no reason to refuse a file by themselves.
var maybeAlike = []string{"-cover", "-pgo", "-gcflags", "-tags"}

// checkRelease refuses other Go releases also where the fingerprints of all
// packages agree: the runtime would read module data of another layout, and
// panic while it holds a lock that every later plugin.Open needs.
func (p *Process) checkRelease(i *Image) *Error {
	hostRelease, hostExperiments := splitRelease(p.host.Build.GoVersion)
	pluginRelease, experiments := splitRelease(i.Build.GoVersion)
	if pluginRelease != hostRelease {
		return &Error{
			Code:  GoVersion,
			Cause: fmt.Sprintf("was built by %s, this host by %s", pluginRelease, hostRelease),
			Fix:   fmt.Sprintf("build it again with: GOTOOLCHAIN=%s %s", hostRelease, p.buildCommand()),
		}
	}
	if experiments != hostExperiments {
		return &Error{
			Code:  BuildSettings,
			Cause: fmt.Sprintf("was built with GOEXPERIMENT=%q, this host with %q", experiments, hostExperiments),
			Fix:   fmt.Sprintf("build it again with: GOEXPERIMENT=%s %s", hostExperiments, p.buildCommand()),
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

func (p *Process) checkSettings(i *Image) *Error {
	var causes []string
	for _, flag := range alwaysAlike {
		here, there := i.setting(flag) == "true", p.host.setting(flag) == "true"
		switch {
		case here && !there:
			causes = append(causes, fmt.Sprintf("was built with %s, this host without", flag))
		case there && !here:
			causes = append(causes, fmt.Sprintf("was built without %s, this host with it", flag))
		}
	}
	if len(causes) == 0 {
		return nil
	}
	fix := "build it again with: " + p.buildCommand()
	if p.host.setting("-trimpath") != "true" {
		fix = "build the host with -trimpath; or, for this host only, " + fix
	}
	return &Error{Code: BuildSettings, Cause: strings.Join(causes, "; "), Fix: fix}
}

// buildCommand is what makes a plugin for this host.
func (p *Process) buildCommand() string {
	command := "go build"
	for _, flag := range alwaysAlike {
		if p.host.setting(flag) == "true" {
			command += " " + flag
		}
	}
	return command + " -buildmode=plugin"
}

// mismatch explains packages that differ from the host's: by flags, where a flag
// can be the cause, else by the versions of their modules.
func (p *Process) mismatch(i *Image, differences []Difference) *Error {
	err := &Error{
		Code:        PackageMismatch,
		Cause:       "does not match this host in " + list(differences),
		Differences: differences,
	}
	standard := slices.ContainsFunc(differences, func(d Difference) bool { return d.Module == "" })
	sameVersions := !slices.ContainsFunc(differences, func(d Difference) bool { return release(d.Plugin) != release(d.Host) })
	var flags []string
	for _, flag := range maybeAlike {
		if here, there := i.setting(flag), p.host.setting(flag); here != there {
			flags = append(flags, fmt.Sprintf("%s is %s here and %s there", flag, cmp.Or(here, "not set"), cmp.Or(there, "not set")))
		}
	}
	if len(flags) > 0 && (standard || sameVersions) {
		err.Code = BuildSettings
		err.Cause += ", because build flags differ: " + strings.Join(flags, "; ")
		err.Fix = "build host and plugin with the same flags and -pgo=off"
		return err
	}
	if standard {
		err.Fix = "build both with the same Go release and flags, and with -pgo=off"
		return err
	}
	err.Fix = fixModules(differences, "the sources or their recorded paths differ: build without go.work, "+
		"with the same version of the module in require and, where it is replaced, the same sources")
	return err
}

// fixModules names the commands that take the other side's versions, and falls
// back to advice where the versions are not to blame.
func fixModules(differences []Difference, advice string) string {
	var commands []string
	for _, d := range differences {
		version := release(d.Host)
		if version == release(d.Plugin) || !strings.HasPrefix(version, "v") {
			continue
		}
		if command := "go get " + d.Module + "@" + version; !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
	}
	if len(commands) == 0 {
		return advice
	}
	return "in the plugin's folder: " + strings.Join(commands, " && ") + ", then build it again"
}

// release is a module's version without what replaces it and without checksum.
// The recorded source path, and so the fingerprint, has no more than that.
func release(version string) string {
	version, _, _ = strings.Cut(version, " ")
	return version
}
