package vocabulary

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// Synonyms are what people call some keys, the likelier meaning first.
var Synonyms = map[string][]string{
	"trigger": {"on"}, "triggers": {"on"}, "when": {"on"}, "every": {"on", "interval"}, "schedule": {"on"}, "cron": {"on"}, "event": {"on"},
	// In YAML 1.1, on is a truth value: a program that writes the file anew makes one of these of it.
	"true": {"on"}, "yes": {"on"},
	"do": {"run"}, "then": {"run"}, "pipe": {"run"}, "action": {"run"}, "job": {"run"}, "task": {"run"},
	"pipes": {"steps"}, "actions": {"steps"}, "tasks": {"steps"}, "jobs": {"steps"}, "stages": {"steps"}, "pipeline": {"steps"}, "children": {"steps"},
	"seconds": {"interval", "on"}, "minutes": {"interval", "on"}, "hours": {"interval", "on"}, "days": {"interval", "on"},
	"interval": {"on"}, "poll_interval": {"interval", "on"}, "polling": {"interval", "on"}, "frequency": {"interval", "on"}, "period": {"interval", "on"},
	"url": {"base_url"}, "host": {"base_url"}, "server": {"base_url"}, "address": {"base_url"}, "endpoint": {"base_url"}, "hostname": {"base_url"},
	"user": {"username"}, "login": {"username"}, "pass": {"password"}, "pwd": {"password"}, "pw": {"password"},
	"token": {"api_token"}, "count": {"limit"}, "max": {"limit"}, "top": {"limit"}, "search": {"ticket_search_criteria"}, "filter": {"ticket_search_criteria"}, "query": {"ticket_search_criteria"},
	"ticket": {"ticket_id"}, "ticketid": {"ticket_id"}, "ticket_number": {"ticket_id"}, "id": {"ticket_id"}, "update": {"updated_ticket"}, "updates": {"updated_ticket"}, "changes": {"updated_ticket"}, "fields_to_update": {"updated_ticket"},
	"template": {"expression"}, "expr": {"expression"}, "value": {"expression"}, "code": {"expression"},
	// German.
	"ausloeser": {"on"}, "auslöser": {"on"}, "schritte": {"steps"}, "dienste": {"services"}, "anmeldung": {"username"}, "benutzer": {"username"}, "benutzername": {"username"},
	"passwort": {"password"}, "kennwort": {"password"}, "adresse": {"base_url"}, "zeitlimit": {"timeout"}, "modell": {"model_name", "model"},
	"warteschlange": {"queue"}, "prioritaet": {"priority"}, "priorität": {"priority"}, "zustand": {"state", "states"}, "status": {"state", "states"}, "betreff": {"subject"}, "titel": {"subject"},
	"inhalt": {"body"}, "nachricht": {"body"}, "notiz": {"note", "notes"}, "notizen": {"notes"}, "anzahl": {"limit"}, "besitzer": {"owner"}, "ausdruck": {"expression"}, "ticketnummer": {"ticket_id"}, "ticket_nummer": {"ticket_id"},
	"title": {"subject"}, "text": {"body"}, "message": {"body"}, "content": {"body"},
}

// Meant returns the name that a key which is not one of them was probably meant to be,
// or "" where none is near. What is given already is taken last.
func Meant(key string, names []string, given map[string]any) string {
	missing := Free(names, given)
	if name := Nearest(key, missing); name != "" {
		return name
	}
	return Nearest(key, names)
}

// Nearest is like [Meant], whatever is given already.
func Nearest(key string, names []string) string {
	key = unquoted(key)
	for _, name := range Synonyms[strings.ToLower(key)] {
		if slices.Contains(names, name) {
			return name
		}
	}
	return params.Near(key, names)
}

// Free returns the names that are not given yet.
func Free(names []string, given map[string]any) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, there := given[name]; return there })
}

// unquoted takes off the quotes of a word processor.
func unquoted(key string) string {
	return strings.Trim(key, TypographicQuotes+`"'`)
}

// TypographicQuotes are the quotes of word processors, and what looks like them.
const TypographicQuotes = "“”„‟‘’‚‛«»‹›`´″′"
