package main

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// conditions are the criteria in which the servers read operators: + and && join,
// || separates, ! negates, and brackets group, so that "A+B (EU)" is looked for
// nowhere as it is written, and nothing is found.
var conditions = map[string]bool{"CustomerID": true, "CustomerUserLogin": true, "TicketNumber": true, "Title": true}

// plainWord is a text in which the servers see nothing but itself, and the
// wildcards.
var plainWord = regexp.MustCompile(`^[\pL\pN@._:/%*-]*$`)

// asWritten is a criterion that is compared as it is written, upper and lower case
// aside; * and % stand for any text. What stands in double quotes the servers take
// as it is. A text that holds some itself can only be given as CustomerIDRaw, which
// knows neither operators nor wildcards.
func asWritten(key string, v any) (name string, condition any, err error) {
	values := list(plainList(v))
	quoted := func(e any) bool { return strings.Contains(canonical(e), `"`) }
	if slices.ContainsFunc(values, quoted) {
		if key != "CustomerID" || slices.ContainsFunc(values, func(e any) bool { return strings.ContainsAny(canonical(e), "*%") }) {
			return "", nil, errors.New(`holds a double quote, which the help desk's search can't look for: write % in its place`)
		}
		return "CustomerIDRaw", plainList(v), nil
	}
	out := make([]any, len(values))
	for i, e := range values {
		out[i] = sendable(e)
		if s, isText := out[i].(string); isText && !plainWord.MatchString(s) {
			out[i] = `"` + s + `"`
		}
	}
	if len(out) == 1 {
		if _, several := plainList(v).([]any); !several {
			return key, out[0], nil
		}
	}
	return key, out, nil
}
