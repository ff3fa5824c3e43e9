package diagnose

import (
	"fmt"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/jinja"
)

// findUnsetVariables warns of variables that templates always ask for and that are
// not set where the configuration is checked, each where it is asked for first. It is
// no more than a warning, because the one who runs may have another environment.
func (a analysis) findUnsetVariables() config.Diagnostics {
	language := a.language()
	if language == nil {
		return nil
	}
	var problems config.Diagnostics
	said := make(map[string]bool)
	look := func(path string, params map[string]any) {
		for at, text := range eachParam(path, params) {
			if !jinja.HasTemplate(text) {
				continue
			}
			parsed, err := language.Parse(text)
			if err != nil {
				continue // it is an error already
			}
			for _, n := range jinja.Names(parsed) {
				if n.Name != "get_env" || !n.Call || !n.Certain || len(n.Args) == 0 || n.Args[0].Text == "" || said[n.Args[0].Text] {
					continue
				}
				if _, set := a.Document.Lookup(n.Args[0].Text); set {
					continue
				}
				said[n.Args[0].Text] = true
				problems = append(problems, a.warning(at, "not-checked", fmt.Sprintf("the environment variable %s is not set", n.Args[0].Text),
					"it is wanted by run and doctor: set it in the environment or in .env, or take get_env out"))
			}
		}
	}
	for _, s := range a.Document.Services {
		look(s.Path+".params", s.Params)
	}
	if pipes := a.pipes(); len(pipes) > 0 { // the first has all others in its params
		look(pipes[0].Path+".params", pipes[0].Params)
	}
	return problems
}
