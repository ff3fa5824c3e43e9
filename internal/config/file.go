package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// SecretFile is what ${file:PATH} names.
type SecretFile struct {
	Content string
	Others  bool // everybody on the machine can read it
}

// files read what ${file:PATH} names.
type files struct {
	// open reads a file; a relative path counts from the folder of the
	// configuration named from. nil: there are none.
	open func(from, path string) (SecretFile, error)
	// absent makes a warning of a file that isn't there or can't be read: the one who
	// checks may be another user, on another machine, than the one who runs.
	absent bool
}

var variableInPath = lazyregexp.New(vocabulary.VariablePattern)

// file returns what a file holds, without the line break at its end.
func (r references) file(written string, path params.Path, at Position) string {
	missing := func(severity, hint, format string, args ...any) string {
		r.unset[path.String()] = true
		code := "unreadable-file"
		if severity == SeverityWarning {
			code, hint = "not-checked", "it is wanted by run and doctor: "+hint
		}
		r.diags.Report(severity, at, path, code, hint, fmt.Sprintf(format, args...))
		return ""
	}
	whole := func(hint string) string {
		if strings.HasPrefix(written, "~") {
			return "~ is not expanded: write the whole path"
		}
		if strings.TrimSpace(written) != written {
			return "leave out the blank before or behind the path"
		}
		return hint
	}
	absent := SeverityError
	if r.files.absent {
		absent = SeverityWarning
	}
	name := written
	switch variables := variableInPath.FindAllString(written, -1); len(variables) {
	case 0:
	case 1:
		variable := strings.Trim(variables[0], "${}")
		value, set := r.lookup(variable)
		if !set || value == "" {
			return missing(absent, "set it in the environment or in .env", "the environment variable %s is not set", variable)
		}
		name = strings.Replace(written, variables[0], value, 1)
	default:
		return missing(SeverityError, "give the whole path by one variable", "the path of a file may have one ${NAME} in it, not several")
	}
	if r.files.open == nil {
		return missing(SeverityError, "write the value, or ${NAME}", "files can't be named here")
	}
	file, err := r.files.open(at.File, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		from := ""
		if !filepath.IsAbs(name) {
			from = ", counted from the configuration's folder"
		}
		return missing(absent, whole("make the file, or name another one"), "there is no file %s%s", name, from)
	case errors.Is(err, fs.ErrPermission):
		return missing(absent, "let the user that runs otai read it", "this user can't read the file %s", name)
	case err != nil:
		return missing(SeverityError, "name a file with nothing but the value in it", "the file %s can't be taken: %v", name, err)
	}
	if what, hint := noText(file.Content); what != "" {
		return missing(SeverityError, hint, "the file %s %s", name, what)
	}
	value := strings.TrimSuffix(file.Content, "\n")
	if len(value) < len(file.Content) {
		value = strings.TrimSuffix(value, "\r")
	}
	if value == "" {
		return missing(SeverityError, "write the value into it", "the file %s is empty", name)
	}
	r.secrets.Add(value)
	if what, hint := oddText(value); what != "" {
		r.diags.Warn(at, path, "file-content", hint, "the file %s %s", name, what)
	}
	if file.Others {
		r.diags.Warn(at, path, "open-file", "chmod o-rwx "+name, "every user of this machine can read the file %s", name)
	}
	return value
}

// noText says why a file's content can't be a value, and what to do.
func noText(content string) (what, hint string) {
	const again = "write it anew as UTF-8 without a byte order mark, such as by printf %s 'VALUE' >FILE"
	switch {
	case strings.HasPrefix(content, string(source.ByteOrderMark)):
		return "begins with a byte order mark, which would be a part of the value", again
	case strings.HasPrefix(content, "\xff\xfe"), strings.HasPrefix(content, "\xfe\xff"):
		return "is in UTF-16", again
	case !utf8.ValidString(content):
		return "is not in UTF-8", again
	case strings.ContainsRune(content, 0):
		return "has a NUL character in it, so it is not text", again
	}
	return "", ""
}

// assignment is a line of .env or of a shell.
var assignment = lazyregexp.New(`^(?:export )?[A-Z_][A-Z0-9_]*=[^=\s]\S*\s*$`)

// oddText says what of a file's content is probably no part of the value.
func oddText(value string) (what, hint string) {
	last := len(value) - 1
	switch {
	case strings.HasSuffix(value, "\n"):
		return "ends with several line breaks, of which all but the last belong to the value", "leave out the empty lines"
	case last > 0 && value[0] == value[last] && (value[0] == '"' || value[0] == '\''):
		return "has quotes around its content, which belong to the value", "leave out the quotes"
	case assignment.MatchString(value):
		return "has the form NAME=VALUE, all of which is the value", "leave out the name: only the value belongs in the file"
	case strings.TrimSpace(value) != value:
		return "has blanks around its content, which belong to the value", "leave out the blanks"
	}
	return "", ""
}
