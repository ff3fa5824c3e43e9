package onig

import (
	"strings"
	"unicode"
)

// category returns the characters of a general category, one letter or two, as
// Oniguruma knows them, whatever Go's Unicode is.
func category(name string) set {
	return updated(unicode.Categories[name], func(key string) bool { return len(key) == 2 && strings.HasPrefix(key, name) })
}

// script returns the characters of a script.
func script(name string) set {
	return updated(unicode.Scripts[name], func(key string) bool { return key == name })
}

// updated takes from a table of Go what was there before Unicode 14, and the rest
// from recent.
func updated(table *unicode.RangeTable, is func(key string) bool) set {
	var later, added set
	for key, ranges := range recent {
		for _, r := range ranges {
			if later = append(later, r[0], r[1]); is(key) {
				added = append(added, r[0], r[1])
			}
		}
	}
	s := intersection(fromTable(table), intersection(fromTable(assigned), complement(normal(later))))
	return union(s, added)
}

var surrogates = set{0xD800, 0xDFFF}

// property returns the characters of \p{name}, and whether there is such a name.
// Blanks, hyphens and underscores don't count in it, nor do capitals.
func property(name string) (set, bool) {
	name = plain(name)
	switch name {
	case "any":
		return set{0, last}, true
	case "assigned":
		return fromTable(assigned), true
	case "cn", "unassigned":
		return complement(union(fromTable(assigned), surrogates)), true
	case "c", "other":
		return union(category("C"), complement(fromTable(assigned))), true
	case "word":
		return fromTable(word), true
	case "punct":
		return union(category("P"), category("S")), true
	case "alpha", "alphabetic":
		return alphabetic(), true
	case "alnum":
		return union(alphabetic(), category("Nd")), true
	case "upper", "uppercase":
		return union(category("Lu"), intersection(fromTable(unicode.Other_Uppercase), fromTable(assigned))), true
	case "lower", "lowercase":
		return union(category("Ll"), intersection(fromTable(unicode.Other_Lowercase), fromTable(assigned))), true
	case "blank":
		return union(category("Zs"), set{'\t', '\t'}), true
	case "graph":
		return graph(), true
	case "print":
		return union(graph(), category("Zs")), true
	case "space", "whitespace":
		return fromTable(space), true
	case "digit":
		return category("Nd"), true
	case "ascii":
		return set{0, 0x7F}, true
	case "xdigit":
		return set{'0', '9', 'A', 'F', 'a', 'f'}, true
	}
	if short, ok := longNames[name]; ok {
		name = plain(short)
	}
	for key := range unicode.Categories {
		if len(key) <= 2 && plain(key) == name {
			return category(key), true
		}
	}
	for key := range unicode.Scripts {
		if plain(key) == name {
			return script(key), true
		}
	}
	return nil, false
}

func alphabetic() set {
	return union(union(category("L"), category("Nl")), fromTable(otherAlphabetic))
}

func graph() set {
	return intersection(fromTable(assigned), complement(union(fromTable(space), category("Cc"))))
}

// freeWord is \w outside a class: there it has a few numbers of Latin-1 more, from
// an older table of Oniguruma.
func freeWord() set {
	return union(fromTable(word), set{0xB2, 0xB3, 0xB9, 0xB9, 0xBC, 0xBE})
}

func plain(name string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(name))
}

// longNames are the categories written out, and the classes of POSIX that are one.
var longNames = map[string]string{
	"letter": "L", "uppercaseletter": "Lu", "lowercaseletter": "Ll", "titlecaseletter": "Lt", "modifierletter": "Lm", "otherletter": "Lo",
	"mark": "M", "nonspacingmark": "Mn", "spacingmark": "Mc", "enclosingmark": "Me",
	"number": "N", "decimalnumber": "Nd", "letternumber": "Nl", "othernumber": "No",
	"punctuation": "P", "connectorpunctuation": "Pc", "dashpunctuation": "Pd", "openpunctuation": "Ps", "closepunctuation": "Pe", "otherpunctuation": "Po",
	"symbol": "S", "mathsymbol": "Sm", "currencysymbol": "Sc", "modifiersymbol": "Sk", "othersymbol": "So",
	"separator": "Z", "spaceseparator": "Zs", "control": "Cc", "cntrl": "Cc", "format": "Cf", "privateuse": "Co",
}

var letters, numbers, spaces, words = newClass(category("L")), newClass(category("N")), newClass(fromTable(space)), newClass(fromTable(word))

// IsLetter reports whether \p{L} matches r.
func IsLetter(r rune) bool { return letters.has(r) }

// IsWord reports whether [\w] matches r.
func IsWord(r rune) bool { return words.has(r) }

// IsNumber reports whether \p{N} matches r.
func IsNumber(r rune) bool { return numbers.has(r) }

// IsSpace reports whether \s matches r.
func IsSpace(r rune) bool { return spaces.has(r) }
