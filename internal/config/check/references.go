package check

import (
	"strings"

	"github.com/open-ticket-ai/otai/pkg/params"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
)

// noReference warns of a value in the params of a pipe that looks like a reference,
// which is for services alone, and of a template with a $ before it.
//
// found is what is wrong with it otherwise.
func (k *checker) noReference(text string, path params.Path, around scope, found source.Diagnostics) {
	m := pipeReference.FindStringSubmatch(text)
	switch {
	case len(found) > 0:
		for i := range found {
			if actionsTemplate.MatchString(text) && found[i].Hint != "" {
				found[i].Hint += "; leave out the $"
				found[i].Severity = source.SeverityError // all that comes of it is the $
			}
		}
	case actionsTemplate.MatchString(text):
		k.warn(k.at(path), path, "not-a-reference", "write {{ … }} without the $", "the $ before the template stays in the text")
	case m != nil && around.pipe:
		name := strings.Join(m[1:], "")
		k.warn(k.at(path), path, "not-a-reference", "write {{ get_env('"+name+"') }}", "in the params of a pipe this stands for no variable and is taken as it stands")
	}
}

var (
	// pipeReference is a whole value of a pipe that other programs would take for a
	// reference to a variable.
	pipeReference = lazyregexp.New(`^\s*(?:\$\{(?:env[:.])?([A-Za-z_][A-Za-z0-9_]*)(?:[:=?+-][^{}]*)?\}|\$([A-Z_][A-Z0-9_]+)|%([A-Z_][A-Z0-9_]+)%|(?i:\$env):([A-Za-z_][A-Za-z0-9_]*))\s*$`)
	// actionsTemplate is a whole value in the form of GitHub Actions.
	actionsTemplate = lazyregexp.New(`(?s)^\s*\$\{\{.*\}\}\s*$`)
)
