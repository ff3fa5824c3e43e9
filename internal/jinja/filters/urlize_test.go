package filters

import (
	"testing"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"
)

// A pattern that doesn't compile panics only at its first use.
func TestPatternsCompile(t *testing.T) {
	for _, p := range []*lazyregexp.Regexp{linkPattern, mailPattern, schemePattern, blankPattern, leadPattern, trailPattern} {
		p.MatchString("")
	}
}
