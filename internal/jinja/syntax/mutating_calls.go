package syntax

// changingMethods are the methods of lists and mappings that change their object.
var changingMethods = map[string]bool{
	"append": true, "extend": true, "insert": true, "pop": true, "remove": true, "clear": true, "sort": true, "reverse": true,
	"update": true, "popitem": true, "setdefault": true,
}

// changes reports whether a source may call a method that changes its object.
func changes(tokens []token) bool {
	for i, t := range tokens {
		switch {
		case !changingMethods[t.text]:
		case t.kind == stringToken, t.kind == nameToken && i > 0 && tokens[i-1].kind == operatorToken && tokens[i-1].text == ".":
			return true
		}
	}
	return false
}
