package check

import (
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// durationForm is a length of time, which people wrote otherwise, as it is written here,
// or "".
func durationForm(text string) string {
	if m := humanLength.FindStringSubmatch(text); m != nil {
		for _, unit := range humanUnits {
			if strings.HasPrefix(strings.ToLower(m[2]), unit.begins) && (len(unit.begins) > 1 || len(m[2]) == 1) {
				return fmt.Sprintf(unit.form, strings.Replace(m[1], ",", ".", 1))
			}
		}
	}
	if iso := strings.ToUpper(text); strings.HasPrefix(iso, "P") && !strings.HasPrefix(iso, "PT") {
		if _, err := params.ParseDuration("PT" + iso[1:]); err == nil {
			return "PT" + iso[1:]
		}
	}
	return ""
}

// durationHint says how a length of time is written that people wrote otherwise.
func durationHint(text string) string {
	form := durationForm(text)
	switch {
	case form != "":
		return "write " + form
	case halfISO.MatchString(text):
		return "write " + strings.TrimSpace(text) + "S for seconds, or M for minutes"
	case cronForm.MatchString(text):
		return "times of day can't be given: write how long to wait, such as PT5M"
	}
	return ""
}

// humanLength is a duration as people say it.
var humanLength = lazyregexp.New(`(?i)^\s*(\d+(?:[.,]\d+)?)\s*([a-zäöü]+)\.?\s*$`)

var humanUnits = []struct{ begins, form string }{
	{"sek", "PT%sS"},
	{"sec", "PT%sS"},
	{"min", "PT%sM"},
	{"std", "PT%sH"},
	{"stund", "PT%sH"},
	{"hour", "PT%sH"},
	{"hr", "PT%sH"},
	{"tag", "P%sD"},
	{"day", "P%sD"},
	{"d", "P%sD"},
	{"s", "PT%sS"},
	{"m", "PT%sM"},
	{"h", "PT%sH"},
	{"woche", "P%sW"},
	{"week", "P%sW"},
	{"w", "P%sW"},
}

var halfISO = lazyregexp.New(`^\s*PT\d+\s*$`)

var cronForm = lazyregexp.New(`^\s*(?:[\d*/,-]+\s+){4,5}[\d*/,?A-Za-z-]+\s*$`)
