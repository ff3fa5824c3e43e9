package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
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

var variableInPath = regexp.MustCompile(variable)

// file returns what a file holds, without the line break at its end.
func (r references) file(written, path string, at Position) string {
	missing := func(severity, hint, format string, args ...any) string {
		r.unset[path] = true
		code := "unreadable-file"
		if severity == SeverityWarning {
			code, hint = "not-checked", "it is wanted by run and doctor: "+hint
		}
		r.found.add(severity, at, path, code, hint, fmt.Sprintf(format, args...))
		return ""
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
		return missing(absent, "make the file, or name another one", "there is no file %s%s", name, from)
	case errors.Is(err, fs.ErrPermission):
		return missing(absent, "let the user that runs otai read it", "this user can't read the file %s", name)
	case err != nil:
		return missing(SeverityError, "name a file with nothing but the value in it", "the file %s can't be taken: %v", name, err)
	}
	value := strings.TrimSuffix(file.Content, "\n")
	if len(value) < len(file.Content) {
		value = strings.TrimSuffix(value, "\r")
	}
	if value == "" {
		return missing(SeverityError, "write the value into it", "the file %s is empty", name)
	}
	r.secrets.Add(value)
	if file.Others {
		r.found.warn(at, path, "open-file", "chmod o-rwx "+name, "every user of this machine can read the file %s", name)
	}
	return value
}
