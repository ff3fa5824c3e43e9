package hub

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// mainRevision is the branch that a name without a revision means.
const mainRevision = "main"

// Reference is a model at HuggingFace: its name and a branch, tag or commit.
type Reference struct {
	Name     string
	Revision string
}

var (
	// modelName is what a model at HuggingFace can be called: NAME or ORG/NAME.
	modelName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?$`)
	// revisionName is a git branch, a tag, or a commit. It becomes a path below
	// refs, so each part of it has to be a file name.
	revisionName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$`)
	commitHash   = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// ParseReference reads NAME or NAME@REVISION.
func ParseReference(text string) (Reference, error) {
	name, revision, given := strings.Cut(text, "@")
	if !given {
		revision = mainRevision
	}
	switch {
	case !modelName.MatchString(name):
		return Reference{}, fmt.Errorf("%q is neither a folder nor the name of a model: %w", text, api.ErrInvalid)
	case !revisionName.MatchString(revision):
		return Reference{}, fmt.Errorf("%q names no revision that can be: a branch, a tag or a commit follows the @: %w", text, api.ErrInvalid)
	}
	return Reference{Name: name, Revision: revision}, nil
}

// String returns what [ParseReference] reads.
func (r Reference) String() string {
	if r.Revision == mainRevision {
		return r.Name
	}
	return r.Name + "@" + r.Revision
}

// isPath reports whether name can only be a path, whether or not it exists.
func isPath(name string) bool {
	return filepath.IsAbs(name) || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || name == "." || name == ".."
}
