package loader

import "strings"

// linkerErrors are the texts of dlopen and of package plugin that have a code and a fix of
// their own, the first that fits.
var linkerErrors = []struct {
	text string
	code Code
	fix  string
}{
	{"cannot open shared object file", CodeMissingLibrary, installLibrary},
	{"undefined symbol", CodeMissingLibrary, installLibrary},
	{"different version of package", CodePackageMismatch, buildAgain},
	{"plugin already loaded", CodePluginPathInUse, "remove one of the two files; two versions of a plugin can't be in one process"},
}

const (
	installLibrary = "install the library, or link it statically into the plugin"
	buildAgain     = "build it again from its sources: " + fromSources
)

// linkerError gives a code to what plugin.Open reports. Preflight finds most of it before.
func linkerError(p *Plugin, err error) error {
	text := err.Error()
	//messagetext:allow plugin.Open and dlopen return nothing but a text, which begins with the path
	if _, rest, ok := strings.Cut(text, `"): `); ok {
		text = rest
	}
	code, fix := CodeOpenFailed, buildAgain
	for _, known := range linkerErrors {
		if strings.Contains(text, known.text) { //messagetext:allow plugin.Open and dlopen return nothing but a text
			code, fix = known.code, known.fix
			break
		}
	}
	return p.errorf(StageOpen, code, fix, "the dynamic linker refused it: %s", text)
}
