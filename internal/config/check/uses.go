package check

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// component finds what use names, and reports it when it is not there or of the
// other kind.
func (k *checker) component(use string, path params.Path, service bool) (catalog.Component, bool) {
	if use == "" {
		return catalog.Component{}, false // reported where use was read
	}
	usePath := path.Key("use")
	component, ok := k.catalog.Find(use)
	switch {
	case !ok && k.doubtfulUse(use):
		return catalog.Component{}, false
	case !ok:
		k.reportError(k.at(usePath), usePath, "unknown-use", k.useHint(use, service), "no plugin offers %q", use)
		return catalog.Component{}, false
	case service && !component.Service:
		k.reportError(k.at(usePath), usePath, "wrong-kind", "use it in the orchestrator", "%q is a pipe, not a service", use)
		return catalog.Component{}, false
	case !service && component.Service:
		k.reportError(k.at(usePath), usePath, "wrong-kind", k.pipeFor(component), "%q is a service, not a pipe", use)
		return catalog.Component{}, false
	}
	return component, true
}

// pipeFor says which pipes use such a service, for one that stands where a pipe is
// wanted.
func (k *checker) pipeFor(service catalog.Component) string {
	const otherwise = "configure it under services: and name it under injects:"
	pipes := map[string][]string{} // by the name of the injection
	for _, name := range slices.Sorted(slices.Values(k.catalog.Names())) {
		pipe, ok := k.catalog.Find(name)
		if !ok || pipe.Service || pipe.Params == nil {
			continue
		}
		for _, need := range pipe.Params.Injections() {
			if service.Fits(pipe.Needs[need.Name]) {
				pipes[need.Name] = append(pipes[need.Name], name)
			}
		}
	}
	var forms []string
	for _, need := range sortedKeys(pipes) {
		forms = append(forms, "use: "+strings.Join(pipes[need], " or ")+" with injects: {"+need+": ID}")
	}
	if len(forms) == 0 {
		return otherwise
	}
	return otherwise + "; here write " + strings.Join(forms, ", or ")
}

// useHint recommends what can stand there: services or pipes.
func (k *checker) useHint(use string, service bool) string {
	if hint, ok := vocabulary.RetiredUses[use]; ok {
		return hint
	}
	var names, others []string
	for _, name := range slices.Sorted(slices.Values(k.catalog.Names())) {
		if component, ok := k.catalog.Find(name); ok && component.Service == service {
			names = append(names, name)
		} else {
			others = append(others, name)
		}
	}
	var hints []string
	if reason := k.catalog.Missing(use); reason != "" {
		hints = append(hints, reason)
	}
	name := use[strings.LastIndexAny(use, ".:")+1:]
	same := slices.IndexFunc(names, func(n string) bool { return strings.HasSuffix(n, ":"+name) })
	shorter := slices.IndexFunc(names, func(n string) bool { return len(use) > len(n)/2 && leftOut(use, n) })
	if near := params.Near(use, names); near != "" {
		hints = append(hints, "did you mean "+near+"?")
	} else if found := max(same, shorter); found >= 0 {
		hints = append(hints, "did you mean "+names[found]+"?")
	} else if near := params.Near(use, others); near != "" && len(hints) == 0 {
		if service {
			return near + " is a pipe: use it in the orchestrator"
		}
		return near + " is a service: configure it under services: and name it under injects:"
	}
	if prefix, _, found := strings.Cut(use, ":"); found && len(hints) == 0 {
		if same := slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, prefix+":") }); len(same) > 0 {
			return "possible: " + strings.Join(same, ", ")
		}
	}
	if len(hints) == 0 {
		return "otai plugin list shows what there is"
	}
	return strings.Join(hints, "; ")
}

// leftOut is true where short is name with some letters left out.
func leftOut(short, name string) bool {
	for _, r := range short {
		i := strings.IndexRune(name, r)
		if i < 0 {
			return false
		}
		name = name[i+utf8.RuneLen(r):]
	}
	return true
}

// doubtfulUse is for what a plugin in doubt would offer.
func (k *checker) doubtfulUse(use string) bool {
	prefix, _, found := strings.Cut(use, ":")
	return found && k.doc.Doubtful(prefix) && !slices.ContainsFunc(k.catalog.Names(), func(name string) bool { return strings.HasPrefix(name, prefix+":") })
}
