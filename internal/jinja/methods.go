package jinja

import (
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
)

// addMethods adds the methods of all types.
func addMethods(l *runtime.Library) {
	l.TextMethods = byName(textMethods(), searchMethods(), characterMethods(), convertMethods())
	l.MarkupMethods = markupMethods(l.TextMethods)
	l.IntegerMethods, l.FloatMethods, l.RangeMethods = byName(integerMethods()), byName(floatMethods()), byName(rangeMethods())
	l.ListMethods = byName(listMethods(), changingListMethods())
	l.DictMethods = byName(dictMethods(), changingDictMethods())
}
