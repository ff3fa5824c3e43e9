package syntax

type tokenKind byte

const (
	endOfSource tokenKind = iota
	dataToken             // text between the tags
	printBegin            // {{
	blockBegin            // {%
	tagEnd                // }} or %}
	nameToken
	integerToken
	floatToken
	stringToken
	operatorToken
)

type token struct {
	kind  tokenKind
	text  string
	value any // of a number
	pos   int // byte offset in the source
}

// describe names the token for an error message.
func (t token) describe() string {
	switch t.kind {
	case endOfSource:
		return "end of template"
	case dataToken:
		return "text"
	case tagEnd:
		return "end of tag"
	case stringToken:
		return "a string"
	}
	return `"` + t.text + `"`
}
