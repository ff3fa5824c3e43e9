package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// conditions are the criteria in which the servers parse operators: + and && join,
// || separates, ! negates, and parentheses group, so that a search for "A+B (EU)"
// finds nothing.
var conditions = map[string]bool{"CustomerID": true, "CustomerUserLogin": true, "TicketNumber": true, "Title": true}

// plainWord matches a text in which the servers see no operators, only wildcards.
var plainWord = regexp.MustCompile(`^[\pL\pN@._:/%*-]*$`)

// literal is a criterion that is compared as written, except for case; * and % stand
// for any text. In double quotes the servers parse no operators. A text that contains
// double quotes only works as CustomerIDRaw, which has neither operators nor
// wildcards.
func literal(key string, v any) (name string, condition any, err error) {
	values := wire.List(plainList(v))
	quoted := func(e any) bool { return strings.Contains(wire.Canonical(e), `"`) }
	if slices.ContainsFunc(values, quoted) {
		if key != "CustomerID" || slices.ContainsFunc(values, func(e any) bool { return strings.ContainsAny(wire.Canonical(e), "*%") }) {
			return "", nil, errors.New(`contains a double quote, which the help desk's search can't look for: write % in its place`)
		}
		return "CustomerIDRaw", plainList(v), nil
	}
	out := make([]any, len(values))
	for i, e := range values {
		out[i] = fieldValue(e)
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

// operatorsOfFields are the comparisons of dynamic fields.
var operatorsOfFields = []string{"Equals", "Like", "GreaterThan", "GreaterThanEquals", "SmallerThan", "SmallerThanEquals", "Empty"}

// operators is a dynamic field's condition; a bare value means "equals". The servers
// ignore a condition that is unknown or empty, and would find everything.
func operators(v any) (map[string]any, error) {
	given, ok := v.(map[string]any)
	if !ok {
		given = map[string]any{"Equals": v}
	}
	condition := make(map[string]any, len(given))
	for _, operator := range slices.Sorted(maps.Keys(given)) {
		wanted := given[operator]
		switch {
		case !slices.Contains(operatorsOfFields, operator):
			return nil, fmt.Errorf("%s is not an operator (known are %s)", operator, strings.Join(operatorsOfFields, ", "))
		case operator == "Empty":
			condition[operator] = 0
			if wire.Truth(wanted) {
				condition[operator] = 1
			}
		case wire.Canonical(wanted) == "" || wire.Canonical(wanted) == "[]":
			return nil, errors.New("is empty; tickets without a value are found by { Empty: 1 }")
		case operator == "Like":
			_, literal, err := literal("", wanted)
			if err != nil {
				return nil, err
			}
			condition[operator] = literal
		default:
			condition[operator] = plainList(fieldValue(wanted))
		}
	}
	if len(condition) == 0 {
		return nil, errors.New("is empty; tickets without a value are found by { Empty: 1 }")
	}
	return condition, nil
}
