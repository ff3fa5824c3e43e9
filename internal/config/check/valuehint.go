package check

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// Numbers and times as people write them, and how they are written here.
var (
	plainNumber  = lazyregexp.New(`^[+-]?\d+(?:\.\d+)?$`)
	commaNumber  = lazyregexp.New(`^[+-]?\d+,\d+$`)
	groupsOf3    = lazyregexp.New(`^[+-]?\d{1,3}(?:[.,' _]\d{3})+$`)
	groupsComma  = lazyregexp.New(`^[+-]?\d{1,3}(?:[.' ]\d{3})+,\d+$`)
	numberUnit   = lazyregexp.New(`^([+-]?\d+(?:[.,]\d+)?)\s*([A-Za-zäöüÄÖÜµ%]+)\.?$`)
	dottedGroups = lazyregexp.New(`^\d{1,3}(?:\.\d{3})+$`)
	dayMonthYear = lazyregexp.New(`^(\d{1,2})([./-])\s?(\d{1,2})[./-]\s?(\d{4}|\d{2})(?:(?:T|,?\s+)(\d{1,2}:\d{2})(:\d{2})?(?:\s*Uhr)?)?$`)
	yearFirst    = lazyregexp.New(`^(\d{4})[./-](\d{1,2})[./-](\d{1,2})(?:(?:T|,?\s+)(\d{1,2}:\d{2})(:\d{2})?(?:\s*Uhr)?)?$`)
)

// inBytes and inSeconds are units by their names in lower case.
var (
	inBytes = map[string]float64{
		"b": 1, "byte": 1, "bytes": 1, "k": 1 << 10, "kb": 1 << 10, "kib": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "mib": 1 << 20,
		"g": 1 << 30, "gb": 1 << 30, "gib": 1 << 30, "t": 1 << 40, "tb": 1 << 40, "tib": 1 << 40,
	}
	inSeconds = map[string]float64{
		"ms": 0.001, "s": 1, "sec": 1, "sek": 1, "second": 1, "seconds": 1, "sekunde": 1, "sekunden": 1, "m": 60, "min": 60, "minute": 60, "minutes": 60, "minuten": 60,
		"h": 3600, "std": 3600, "hour": 3600, "hours": 3600, "stunde": 3600, "stunden": 3600, "d": 86400, "day": 86400, "days": 86400, "tag": 86400, "tage": 86400,
	}
)

// numberHint shows a number that people wrote otherwise, "" where it isn't clear
// which one is meant.
func numberHint(text, name string, spec *params.Spec) string {
	text = strings.TrimSpace(text)
	if cut := strings.TrimRight(text, " ;,}])"); cut != text && plainNumber.MatchString(cut) {
		return "write " + cut
	}
	whole := spec != nil && spec.Kind == params.KindInt
	switch {
	case groupsComma.MatchString(text):
		return "write " + digits(text[:strings.LastIndexByte(text, ',')]) + "." + text[strings.LastIndexByte(text, ',')+1:]
	case groupsOf3.MatchString(text) && (whole || !commaNumber.MatchString(text)):
		return "write " + digits(text)
	case commaNumber.MatchString(text) && !whole:
		return "write " + strings.Replace(text, ",", ".", 1)
	}
	m := numberUnit.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	number := strings.Replace(m[1], ",", ".", 1)
	amount, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return ""
	}
	unit := strings.ToLower(m[2])
	_, suffix := cutLast(name, "_")
	for _, units := range []map[string]float64{inBytes, inSeconds} {
		from, known := units[unit]
		to, counted := units[suffix]
		if amount *= from / to; !known || !counted {
			amount, _ = strconv.ParseFloat(number, 64)
			continue
		}
		if whole && amount != math.Trunc(amount) {
			return "write a number without a unit: " + name + " counts in " + suffix
		}
		return "write " + strconv.FormatFloat(amount, 'f', -1, 64) + ": " + name + " counts in " + suffix
	}
	if unit == "%" && spec != nil && spec.Max != nil && *spec.Max <= 1 {
		return "write " + strconv.FormatFloat(amount/100, 'f', -1, 64)
	}
	if whole && amount != math.Trunc(amount) {
		return "write a number without a unit"
	}
	return "write a number without a unit: " + number
}

func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(".,' _", r) {
			return -1
		}
		return r
	}, text)
}

func cutLast(text, separator string) (before, after string) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):]
	}
	return "", text
}

// timeHint shows a day that people wrote otherwise.
func timeHint(text string) string {
	text = strings.TrimSpace(text)
	if m := yearFirst.FindStringSubmatch(text); m != nil {
		return writeForm(dayForm(m[1], m[2], m[3], m[4], m[5]))
	}
	m := dayMonthYear.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	year := m[4]
	if len(year) == 2 {
		year = "20" + year
	}
	european, american := dayForm(year, m[3], m[1], m[5], m[6]), dayForm(year, m[1], m[3], m[5], m[6])
	switch {
	case m[2] == "." || american == "" || american == european:
		return writeForm(european)
	case european == "":
		return writeForm(american)
	}
	return "write " + european + " or " + american
}

// writeForm is the hint to write that, or "".
func writeForm(form string) string {
	if form == "" {
		return ""
	}
	return "write " + form
}

// dayForm is a day, with a time, as it is written here, or "" where there is no such day.
func dayForm(year, month, day, clock, seconds string) string {
	t, err := time.Parse("2006-1-2 15:04:05", fmt.Sprintf("%s-%s-%s %s%s", year, month, day, cmp.Or(clock, "0:00"), cmp.Or(seconds, ":00")))
	switch {
	case err != nil:
		return ""
	case clock == "":
		return t.Format(time.DateOnly)
	}
	return t.Format(time.DateTime) + ", which is in UTC"
}
