package catalog

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// Catalog is what the plugins offer.
type Catalog interface {
	Find(use string) (Component, bool)
	Names() []string
	// Missing says why a use is not offered, such as the reason why its plugin was
	// rejected, or "".
	Missing(use string) string
}

// Witness is a catalog that wants to know whose code is about to run: the Validate of what
// has this use.
type Witness interface {
	Checking(use string)
}

// Component is a service or a pipe that a configuration can use. It is plain data,
// because the plugin that offers it may never be opened in this process.
type Component struct {
	Service  bool
	Plugin   string // that offers it, with its file, for people; "" for the built-in one
	Doc      string
	Labels   map[string]string
	Params   *params.Spec        // one that can decode
	Methods  []string            // of a service
	Needs    map[string][]string // methods that a service must have to be injected, by the injection's name
	Renderer bool                // the service is an [api.TemplateRenderer]
	// Yields are the keys of a pipe's result, and nil where it doesn't say.
	Yields []string
	// YieldKinds are the kinds of values that these keys have, as far as it says so:
	// text, number, fraction (a number from 0 to 1) or bool.
	YieldKinds map[string]string
}

// Fits reports whether the service can be injected as need.
func (c Component) Fits(need []string) bool {
	return c.Service && !slices.ContainsFunc(need, func(method string) bool { return !slices.Contains(c.Methods, method) })
}

// Yields reads what a pipe says of its results by its labels: the keys, nil where it
// doesn't say, and the kinds of their values as far as it says so. The label is
// KEY or KEY:KIND, separated by commas, or * for any keys.
func Yields(labels map[string]string) (keys []string, kinds map[string]string) {
	text, said := labels[params.LabelYields]
	if !said || text == "*" {
		return nil, nil
	}
	keys, kinds = []string{}, map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		key, kind, _ := strings.Cut(strings.TrimSpace(part), ":")
		if key = strings.TrimSpace(key); key != "" {
			keys = append(keys, key)
			kinds[key] = strings.TrimSpace(kind)
		}
	}
	return keys, kinds
}

// The kinds of values that a pipe can say its results have.
const (
	KindText     = "text"
	KindNumber   = "number"
	KindFraction = "fraction" // a number from 0 to 1
	KindBool     = "bool"
)

// ParamsChecker is a [Catalog] that asks plugins what only their own code knows
// about params: the answer has a list for each question.
type ParamsChecker interface {
	CheckParams(questions []ParamsQuestion) [][]params.Diagnostic
}

// ParamsQuestion is about the params of one component.
type ParamsQuestion struct {
	Use    string
	Params map[string]any
}
