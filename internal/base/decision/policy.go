package decision

import (
	"fmt"
	"strconv"
	"strings"
)

// Action is what is done about a ticket.
type Action string

// The actions.
const (
	Applied   Action = "applied"   // the target is written
	Suggested Action = "suggested" // a note names the target
	Left      Action = "left"      // nothing is written: people decide
)

// Policy is what a configuration says about labels.
type Policy struct {
	Map            map[string]Target
	Apply, Suggest Thresholds
	Otherwise      Target // for labels without a row, and below both thresholds; empty: left
}

// Decision is what is done, and why.
type Decision struct {
	Action Action
	Target Target
	Reason string
}

// Decide decides about a ticket by its label.
//
// What is not given is not done: without thresholds to apply nothing is applied. Without any
// thresholds everything is suggested, which changes no ticket.
func (p Policy) Decide(label string, confidence float64) Decision {
	target, known := p.Map[label]
	switch {
	case !known:
		return p.otherwise(fmt.Sprintf("the map has no row for the label %q", label))
	case target.Empty():
		return Decision{Action: Left, Reason: fmt.Sprintf("the map leaves the label %q to people", label)}
	}
	apply, applies := p.Apply.Of(label)
	suggest, suggests := p.Suggest.Of(label)
	switch {
	case applies && confidence >= apply:
		return Decision{Applied, target, fmt.Sprintf("the confidence %s is at least %s (apply_from)", number(confidence), number(apply))}
	case suggests && confidence >= suggest:
		return Decision{Suggested, target, fmt.Sprintf("the confidence %s is at least %s (suggest_from)", number(confidence), number(suggest))}
	case !p.Apply.Given() && !p.Suggest.Given():
		return Decision{Suggested, target, "without apply_from and suggest_from everything is suggested"}
	case suggests:
		return p.otherwise(fmt.Sprintf("the confidence %s is below %s (suggest_from)", number(confidence), number(suggest)))
	case applies:
		return p.otherwise(fmt.Sprintf("the confidence %s is below %s (apply_from)", number(confidence), number(apply)))
	}
	return p.otherwise(fmt.Sprintf("neither apply_from nor suggest_from is about the label %q", label))
}

// otherwise is for what has no target of its own. Where nothing may be applied, it is
// suggested, too.
func (p Policy) otherwise(why string) Decision {
	switch {
	case p.Otherwise.Empty():
		return Decision{Action: Left, Reason: why}
	case p.Apply.Given():
		return Decision{Applied, p.Otherwise, why + ", so otherwise counts"}
	}
	return Decision{Suggested, p.Otherwise, why + ", so otherwise counts"}
}

// number is a confidence for people. It is cut off and not rounded, so that what is below a
// threshold never looks as if it had reached it.
func number(x float64) string {
	const digits = 4
	text := strconv.FormatFloat(x, 'f', -1, 64)
	if dot := strings.IndexByte(text, '.'); dot >= 0 && len(text) > dot+1+digits {
		text = text[:dot+1+digits]
	}
	return text
}
