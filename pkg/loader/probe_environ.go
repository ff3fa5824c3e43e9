package loader

import (
	"os"
	"slices"
	"strings"
)

// probeVariables are what code of a plugin may know that nobody has admitted yet: where
// things are, and how the machine is set up. Names that end with * begin so.
var probeVariables = []string{
	"PATH", "HOME", "USER", "LANG", "LC_*", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "GODEBUG", "GOMAXPROCS", "XDG_*",
	"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE",
	"GOCOVERDIR", // where a binary that measures its own tests writes
}

// MayKnow reports whether a process that tries a plugin, or asks it, gets a variable. One
// that is named like a secret it never gets.
func (o *Options) MayKnow(plugin, variable string) bool {
	if o.Secret != nil && o.Secret(variable) {
		return false
	}
	listed := slices.ContainsFunc(probeVariables, func(known string) bool {
		start, open := strings.CutSuffix(known, "*")
		return known == variable || open && strings.HasPrefix(variable, start)
	})
	return listed || slices.Contains(o.policy(&Plugin{Name: plugin}).Env, variable)
}

// probeEnviron is the environment of such a process.
func (o *Options) probeEnviron(plugin string) []string {
	all := o.Environ
	if all == nil {
		all = os.Environ()
	}
	known := []string{} // not nil, which would be all
	for _, entry := range all {
		if name, _, ok := strings.Cut(entry, "="); ok && o.MayKnow(plugin, name) {
			known = append(known, entry)
		}
	}
	return known
}
