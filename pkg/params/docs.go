package params

import "reflect"

// reworded are sentences of the contract, whose files stay byte for byte, in plain
// English. Whatever shows a Spec shows them so.
var reworded = map[string]string{
	"At most so many.":         "Return at most this many.",
	"Leave out so many first.": "Skip this many first.",
}

// docOf is the documentation of a field of a params struct.
func docOf(field reflect.StructField) string {
	doc := field.Tag.Get("doc")
	if plain, ok := reworded[doc]; ok {
		return plain
	}
	return doc
}
