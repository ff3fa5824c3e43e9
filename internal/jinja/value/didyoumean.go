package value

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// DidYouMean is the end of an error message that suggests the key of known that is
// nearest to name, or "".
func DidYouMean[V any](name string, known map[string]V) string {
	near := Nearest(name, known)
	if near == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", near)
}

// Nearest is the key of known that is nearest to name, or "" where none is near.
func Nearest[V any](name string, known map[string]V) string {
	best, distance := "", max(2, len(name)/3)+1
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if len(k) > len(name)+distance || len(name) > len(k)+distance {
			continue
		}
		if d := params.EditDistance([]rune(strings.ToLower(name)), []rune(strings.ToLower(k))); d < distance {
			best, distance = k, d
		}
	}
	if best == "" || distance >= len(name) {
		return ""
	}
	return best
}
