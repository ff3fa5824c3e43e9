package decision

import (
	"math"
	"strconv"
	"strings"
)

// The languages of the built-in texts.
const (
	English = "en"
	German  = "de"
)

// Text is the text of a note. {label}, {confidence} and {target} stand for what was decided;
// without them a note reads the same for every ticket.
type Text struct{ Subject, Body string }

// words are the built-in texts of a language.
type words struct {
	parts              map[string]string
	applied, suggested Text
}

var builtIn = map[string]words{
	English: {
		parts:     map[string]string{Queue: "queue", Priority: "priority", State: "state", Type: "type"},
		applied:   Text{"Sorted by otai", "Set by otai: {target}.\nLabel: {label}, confidence {confidence}."},
		suggested: Text{"Suggestion of otai", "otai suggests: {target}.\nLabel: {label}, confidence {confidence}.\nNothing else was changed."},
	},
	German: {
		parts:     map[string]string{Queue: "Queue", Priority: "Priorität", State: "Status", Type: "Typ"},
		applied:   Text{"Von otai zugeordnet", "Von otai gesetzt: {target}.\nLabel: {label}, Konfidenz {confidence}."},
		suggested: Text{"Vorschlag von otai", "otai schlägt vor: {target}.\nLabel: {label}, Konfidenz {confidence}.\nSonst wurde nichts geändert."},
	},
}

// TextOf is the text of the note about an action: what was given, and where that is empty
// the built-in one.
func TextOf(a Action, given Text, language string) Text {
	w := builtIn[language]
	text := w.suggested
	if a == Applied {
		text = w.applied
	}
	if given.Subject != "" {
		text.Subject = given.Subject
	}
	if given.Body != "" {
		text.Body = given.Body
	}
	return text
}

// In is the target as people of a language read it: "queue IT, priority 4 high".
func (t Target) In(language string) string {
	var all []string
	for part, to := range t.Parts() {
		all = append(all, builtIn[language].parts[part]+" "+show(to))
	}
	return strings.Join(all, ", ")
}

// Fill puts in what was decided.
func (t Text) Fill(label, confidence, target string) Text {
	r := strings.NewReplacer("{label}", label, "{confidence}", confidence, "{target}", target)
	return Text{Subject: r.Replace(t.Subject), Body: r.Replace(t.Body)}
}

// Percent is a confidence in a note, cut off.
func Percent(confidence float64) string {
	if math.IsNaN(confidence) {
		return "?"
	}
	return strconv.FormatFloat(math.Floor(confidence*100), 'f', 0, 64) + " %"
}
