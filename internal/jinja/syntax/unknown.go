package syntax

import "fmt"

// UnknownNameError says that a template uses a filter, a test or a tag that there is
// not.
type UnknownNameError struct {
	Kind string // "filter", "test" or "tag"
	Name string
	Near string // the one that was probably meant, or ""
	// Reason is what else there is to say.
	Reason string
}

func (e *UnknownNameError) Error() string {
	text := fmt.Sprintf("there is no %s %q%s", e.Kind, e.Name, e.Reason)
	if e.Near != "" {
		text += fmt.Sprintf(": did you mean %q?", e.Near)
	}
	return text
}
