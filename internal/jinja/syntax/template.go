package syntax

import (
	"strings"
)

// Normalize makes line ends "\n" and drops one at the end of the source, as
// Jinja2 does with keep_trailing_newline off.
func Normalize(source string) string {
	if strings.IndexByte(source, '\r') >= 0 {
		source = strings.ReplaceAll(source, "\r\n", "\n")
		source = strings.ReplaceAll(source, "\r", "\n")
	}
	return strings.TrimSuffix(source, "\n")
}

// Template is a parsed source.
type Template struct {
	Source        string
	Body          []Statement
	Blocks        map[string]*BlockStatement
	Mutates       bool // it changes lists or mappings
	ReadsPipeline bool // it reads something of the pipeline
}
