package jinja

// addMethods adds the methods of all types.
func addMethods(l *library) {
	l.textMethods = byName(textMethods(), searchMethods(), characterMethods(), convertMethods())
	l.markupMethods = markupMethods(l.textMethods)
	l.integerMethods, l.floatMethods, l.rangeMethods = byName(integerMethods()), byName(floatMethods()), byName(rangeMethods())
	l.listMethods = byName(listMethods(), changingListMethods())
	l.dictMethods = byName(dictMethods(), changingDictMethods())
}
