package diagnose

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app/flow"
	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// findNeverAllowed warns of writes that are the same for each ticket and that the allow of
// their service refuses: each such run would be set aside.
func (a analysis) findNeverAllowed() (problems config.Diagnostics) {
	allows := make(map[string]*bounds.Allow)
	for _, s := range a.Document.Services {
		allows[s.ID] = s.Bounds.Allow
	}
	for _, p := range a.pipes() {
		path, err := params.ParsePath(p.Path)
		if err != nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(p.Injects)) {
			id, _ := p.Injects[name].(string)
			if allow := allows[id]; allow != nil {
				problems = append(problems, a.beyond(p, path.Key("params"), allow)...)
			}
		}
	}
	return problems
}

// beyond judges each value by itself, as the gate judges it.
func (a analysis) beyond(p *flow.Pipe, path params.Path, allow *bounds.Allow) (problems config.Diagnostics) {
	judge := func(at params.Path, u api.TicketUpdate) {
		if err := allow.Update(u); err != nil {
			problems = append(problems, a.warning(at.String(), "never-allowed", err.Error()+", so each run that comes to this is set aside", nearlyAllowed(allow, u)))
		}
	}
	fields := func(at params.Path, value any) {
		of, ok := value.(map[string]any)
		if !ok {
			return
		}
		if e := constant(of["queue"], p.Use == base.DecisionUse); e != nil {
			judge(at.Key("queue"), api.TicketUpdate{Queue: e})
		}
		if e := constant(of["priority"], p.Use == base.DecisionUse); e != nil {
			judge(at.Key("priority"), api.TicketUpdate{Priority: e})
		}
		if e := constant(of["state"], p.Use == base.DecisionUse); e != nil {
			judge(at.Key("state"), api.TicketUpdate{State: e})
		}
	}
	note := func(at params.Path, value any) {
		if n, ok := value.(map[string]any); ok && n["visible_to_customer"] == true {
			judge(at.Key("visible_to_customer"), api.TicketUpdate{Notes: []api.Note{{VisibleToCustomer: true}}})
		}
	}
	if p.Use == base.DecisionUse {
		rows, _ := p.Params["map"].(map[string]any)
		for _, label := range slices.Sorted(maps.Keys(rows)) {
			fields(path.Key("map").Key(label), rows[label])
		}
		fields(path.Key("otherwise"), p.Params["otherwise"])
		return problems
	}
	update, _ := p.Params["updated_ticket"].(map[string]any)
	fields(path.Key("updated_ticket"), p.Params["updated_ticket"])
	notes, _ := update["notes"].([]any)
	for i, n := range notes {
		note(path.Key("updated_ticket").Key("notes").Index(i), n)
	}
	note(path.Key("note"), p.Params["note"])
	return problems
}

// constant is what names a queue or the like, without what a template yields; nil: all of it.
// trimmed is of a pipe that leaves out the spaces around a name.
func constant(value any, trimmed bool) *api.Entity {
	text := func(v any) string {
		s := ""
		if v != nil {
			s = fmt.Sprint(v)
		}
		if trimmed {
			s = strings.TrimSpace(s)
		}
		if jinja.HasTemplate(s) {
			return ""
		}
		return s
	}
	e := &api.Entity{}
	switch v := value.(type) {
	case string:
		e.Name = text(v)
	case map[string]any:
		e.Name, e.ID = text(v["name"]), text(v["id"])
	}
	if *e == (api.Entity{}) {
		return nil
	}
	return e
}

// nearlyAllowed says which entry was most likely to stand for a value, and doesn't.
func nearlyAllowed(allow *bounds.Allow, u api.TicketUpdate) string {
	for _, of := range []struct {
		value  *api.Entity
		listed *bounds.Values
	}{{u.Queue, allow.Queues}, {u.Priority, allow.Priorities}, {u.State, allow.States}} {
		if of.value == nil || of.listed == nil || of.value.Name == "" {
			continue
		}
		name := of.value.Name
		for _, entry := range of.listed.Names {
			switch {
			case entry == name:
				return fmt.Sprintf("a value counts only in the forms that are listed: list its id as well, or write %q alone", name)
			case strings.EqualFold(strings.TrimSpace(entry), name):
				return fmt.Sprintf("allow has %q: upper and lower case and spaces count", entry)
			case strings.HasPrefix(name, entry+"::"):
				return fmt.Sprintf("allow has %q, which doesn't stand for what is below it: list %q, too", entry, name)
			}
		}
		if len(of.listed.Names) == 0 && len(of.listed.IDs) > 0 {
			return "allow lists ids: a value counts only in the form that is listed"
		}
	}
	return "list it in the service's allow, or write something else"
}
