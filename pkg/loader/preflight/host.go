package preflight

import "fmt"

// badToolchains are releases of Go that break plugins in a way that nobody would look for
// there. build/toolchain.sh refuses them, too.
var badToolchains = map[string]struct{ what, cured string }{
	"go1.27.0": {typeSwitches, "go1.27.2"},
	"go1.27.1": {typeSwitches, "go1.27.2"},
}

const typeSwitches = "takes types for others once several plugins are open (golang/go#81303)"

// checkHost says why a binary can't open plugins at all, or nil. That no fingerprint is in
// it doesn't say so, since a new release may write them otherwise; that nothing is in it
// by which a plugin could find the runtime does, in every release.
func checkHost(host *Image) error {
	release, _ := splitRelease(host.Build.GoVersion)
	switch why, bad := badToolchains[release]; {
	case bad:
		return &Error{
			Code:  BadToolchain,
			Cause: fmt.Sprintf("this binary was built by %s, which %s", release, why.what),
			Fix:   fmt.Sprintf("build it, and then its plugins, with a later release: GOTOOLCHAIN=%s go build -trimpath", why.cured),
		}
	case host.setting("CGO_ENABLED") == "0":
		return &Error{
			Code:  UnfitHost,
			Cause: fmt.Sprintf("this binary, built by %s, can't open plugins, because it was built with CGO_ENABLED=0", release),
			Fix:   "where there is a C compiler, build it with: CGO_ENABLED=1 go build -trimpath",
		}
	case len(host.Packages) == 0 && !host.linked:
		return &Error{
			Code: UnfitHost,
			Cause: fmt.Sprintf("this binary, built by %s, can't open plugins, because it was linked statically or by Go's own linker "+
				"(-extldflags=-static, -linkmode=internal), or doesn't import package plugin", release),
			Fix: "build it with: CGO_ENABLED=1 go build -trimpath -ldflags=-linkmode=external",
		}
	}
	return nil
}
