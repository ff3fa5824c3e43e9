package methods

import (
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
)

// byName also sees to it that Python's own methods take no arguments by name, except
// for a few.
func byName(groups ...[]*runtime.Method) map[string]*runtime.Method {
	all := map[string]*runtime.Method{}
	for _, group := range groups {
		for _, m := range group {
			switch m.Name {
			case "split", "rsplit", "splitlines", "expandtabs":
			default:
				m.Unnamed = !m.Keywords
			}
			all[m.Name] = m
		}
	}
	return all
}

// AddTo adds the methods of all types.
func AddTo(l *runtime.Library) {
	l.TextMethods = byName(textMethods(), searchMethods(), characterMethods(), convertMethods())
	l.MarkupMethods = markupMethods(l.TextMethods)
	l.IntegerMethods, l.FloatMethods, l.RangeMethods = byName(integerMethods()), byName(floatMethods()), byName(rangeMethods())
	l.ListMethods = byName(listMethods(), changingListMethods())
	l.DictMethods = byName(dictMethods(), changingDictMethods())
}
