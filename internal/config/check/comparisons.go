package check

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// argumentHints are for arguments that are left out most, each by what it is called
// with.
var argumentHints = map[argument]string{
	{"replace", "new"}: "write replace('OLD', 'NEW'), or replace('OLD', '') to remove it",
}

type argument struct{ callee, name string }

// calls reports what is called with arguments that it never takes, and results that
// are compared with what they never are.
func (k *checker) calls(parsed api.Template, path params.Path, around scope) {
	report := func(certain bool, line, column int, code, message, hint string) {
		severity := source.SeverityWarning
		if certain {
			severity = source.SeverityError
		}
		k.report(severity, k.inside(path, line, column), path, code, hint, message)
	}
	for _, m := range jinja.Misuses(parsed) {
		hint := argumentHints[argument{m.Err.Callee, m.Err.Missing}]
		report(m.Certain, m.Line, m.Column, "bad-arguments", m.Err.What(), cmp.Or(hint, m.Err.Hint))
	}
	for _, c := range jinja.Comparisons(parsed) {
		component, _ := k.catalog.Find(around.results[c.Step])
		message, hint := wrongComparison(c, component.YieldKinds[c.Key])
		if message != "" {
			report(c.Certain && c.Ordered() && kindOf(c.Value) != catalog.KindNumber, c.Line, c.Column, "bad-comparison", message, hint)
		}
	}
}

func kindOf(v any) string {
	switch v.(type) {
	case string:
		return catalog.KindText
	case bool:
		return catalog.KindBool
	}
	return catalog.KindNumber
}

// wrongComparison says what is wrong with comparing a value of that kind, "" where
// nothing is, or the kind is not known.
func wrongComparison(c jinja.Comparison, kind string) (message, hint string) {
	value := kindOf(c.Value)
	wanted := kind
	if kind == catalog.KindFraction {
		wanted = catalog.KindNumber
	}
	switch {
	case wanted == "" || wanted == catalog.KindBool && value == catalog.KindNumber || wanted == catalog.KindNumber && value == catalog.KindBool: // True is 1
		return "", ""
	case wanted != value:
		effect := "have no order"
		if !c.Ordered() {
			effect = "are never equal"
		}
		message = fmt.Sprintf("%s of %q is a %s, and this is a %s: they %s", c.Key, c.Step, wanted, value, effect)
		text, _ := c.Value.(string)
		switch number, err := strconv.ParseFloat(text, 64); {
		case wanted == catalog.KindNumber && err == nil:
			hint = "write " + strconv.FormatFloat(number, 'f', -1, 64) + " without quotes"
		case wanted == catalog.KindNumber:
			hint = "write a number without quotes"
		case wanted == catalog.KindText:
			hint = fmt.Sprintf("write it in quotes: '%v'", c.Value)
		default:
			hint = "write " + c.Key + " alone as the condition, or with not before it"
		}
		return message, hint
	case kind == catalog.KindFraction:
		number, err := strconv.ParseFloat(fmt.Sprint(c.Value), 64)
		if err != nil || number <= 1 {
			return "", ""
		}
		hint = "write a number from 0 to 1"
		if number <= 100 {
			hint = "write " + strconv.FormatFloat(number/100, 'f', -1, 64) + ", which is " + fmt.Sprint(c.Value) + " %"
		}
		return fmt.Sprintf("%s of %q is a number from 0 to 1, so that this is true always or never", c.Key, c.Step), hint
	}
	return "", ""
}
