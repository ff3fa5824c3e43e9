package source

import (
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// unknownValue stands for a value that is reported already: a template, which may
// yield anything.
const unknownValue = "{{ none }}"

// foreignTags are what other programs put before a value.
var foreignTags = map[string]string{
	"secret": forSecret, "vault": forSecret, "env": forVariable, "env_var": forVariable, "environ": forVariable, "var": forVariable, "envvar": forVariable,
	"include": forFile, "file": forFile, "include_text": forFile, "import": forFile, "load": forFile,
	"ref": forVariable, "sub": forVariable, "getatt": forVariable, "reference": "write *NAME for what has the anchor &NAME", "unsafe": "leave the tag out",
	"str": "write the value in quotes, or !!str", "int": "leave the tag out", "bool": "leave the tag out", "float": "leave the tag out",
}

const (
	forVariable = "write ${NAME} for an environment variable"
	forFile     = "write ${file:PATH} for the content of a file"
	forSecret   = "write ${NAME} for an environment variable, ${file:PATH} for the content of a file"
)

// unknownTagHint shows a tag and what to write instead. A tag that no program has may
// be the beginning of a password.
func unknownTagHint(tag string, path params.Path) (shown, hint string) {
	if known := foreignTags[strings.ToLower(strings.TrimPrefix(tag, "!"))]; known != "" {
		return tag, known + "; if the value begins with !, write it in quotes"
	}
	shown, hint = secretname.Shown(path, tag), "quote the value if it begins with !"
	if secretname.Below(path) {
		hint += "; " + forSecret
	}
	return shown, hint
}
