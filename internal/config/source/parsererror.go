package source

import (
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"
)

// parserError is what the YAML parser says of a text that does not parse. It has no
// codes and no columns: this file is the only one that reads its sentences.
type parserError struct {
	message string
	line    int
	anchor  string // that an alias names and nothing has
}

var (
	yamlMessage   = lazyregexp.New(`^yaml: (?:line (\d+): )?(.*)$`)
	unknownAnchor = lazyregexp.New(`^unknown anchor '(.*)' referenced$`)
)

func readParserError(err error) parserError {
	e := parserError{message: err.Error(), line: 1}
	//messagetext:allow the YAML parser puts the line into its text, and nowhere else
	if m := yamlMessage.FindStringSubmatch(e.message); m != nil {
		e.message = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			e.line = n
		}
	}
	//messagetext:allow the YAML parser has no type for an unknown anchor
	if m := unknownAnchor.FindStringSubmatch(e.message); m != nil {
		e.anchor = m[1]
	}
	return e
}

// says reports whether the parser's sentence has a part in it.
func (e parserError) says(part string) bool {
	//messagetext:allow the YAML parser's sentence is all that there is
	return strings.Contains(e.message, part)
}
