package params

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// keyTag is what the tag otai:"name,option" says.
type keyTag struct {
	name                         string
	required, secret, rest, text bool
}

// Why no dots or brackets: names make up paths such as "steps[2].id".
var validName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func checkName(name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("the name %q must be made of letters, digits, _ and -, and begin with a letter or _", name)
	}
	return nil
}

func parseKeyTag(text string) (keyTag, error) {
	options := strings.Split(text, ",")
	tag := keyTag{name: options[0]}
	for _, option := range options[1:] {
		switch option {
		case "required":
			tag.required = true
		case "secret":
			tag.secret = true
		case "rest":
			tag.rest = true
		case "text":
			tag.text = true
		default:
			return tag, fmt.Errorf("unknown option %q in the otai tag: there are required, secret, text and rest", option)
		}
	}
	if tag.rest {
		if text != ",rest" {
			return tag, errors.New(`the rest has no name and no other option: write otai:",rest"`)
		}
		return tag, nil
	}
	return tag, checkName(tag.name)
}

func parseInjectTag(text string) (name string, optional bool, err error) {
	name, option, more := strings.Cut(text, ",")
	if more && option != "optional" {
		return "", false, fmt.Errorf("unknown option %q in the inject tag: there is only optional", option)
	}
	return name, more, checkName(name)
}

func parseEnum(text string) ([]string, error) {
	values := strings.Split(text, ",")
	for i, value := range values {
		if value == "" || value != strings.TrimSpace(value) {
			return nil, fmt.Errorf("enum: %q is empty or has white space around it", value)
		}
		if slices.Contains(values[:i], value) {
			return nil, fmt.Errorf("enum: %q is there twice", value)
		}
	}
	return values, nil
}

// parseBound reads a min or max of a value of the given kind.
func parseBound(kind Kind, text string) (float64, error) {
	switch kind {
	case KindDuration:
		d, err := ParseDuration(text)
		return d.Seconds(), err
	case KindInt, KindFloat, KindString, KindList:
	default:
		return 0, errors.New("only numbers, durations, strings and lists have bounds")
	}
	bound, ok := toFloat(text)
	switch {
	case !ok:
		return 0, fmt.Errorf("%q is not a number", text)
	case kind != KindFloat && bound != math.Trunc(bound):
		return 0, fmt.Errorf("%q is not a whole number", text)
	case (kind == KindString || kind == KindList) && bound < 0:
		return 0, errors.New("a length can't be negative")
	}
	return bound, nil
}
