package diagnose

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/flow"
	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/base/decision"
	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// usedName is a name of one kind that the configuration uses.
type usedName struct{ kind, name string }

// nameUse says where a name comes from.
type nameUse struct {
	paths  []string // where the configuration writes it, or the template that yields it
	models []string // whose label it is; none if it is also written somewhere
	plain  bool     // it is written somewhere, or a template makes it of something else
	count  int      // of labels, in a sum
}

// usedNames are the names that pipes give to a service.
type usedNames map[usedName]*nameUse

func (u usedNames) add(kind, name, path string, models []string) {
	n := usedName{kind, name}
	use := u[n]
	if use == nil {
		use = &nameUse{}
		u[n] = use
	}
	if !slices.Contains(use.paths, path) {
		use.paths = append(use.paths, path)
	}
	use.plain = use.plain || len(models) == 0
	for _, m := range models {
		if !slices.Contains(use.models, m) {
			use.models = append(use.models, m)
		}
	}
	if use.plain {
		use.models = nil // the name is what is wrong then
	}
}

func (u usedNames) names() map[string][]string {
	all := make(map[string][]string)
	for n := range u {
		if n.name == "" {
			continue
		}
		all[n.kind] = append(all[n.kind], n.name)
	}
	for _, list := range all {
		slices.Sort(list)
	}
	return all
}

// empty reports the templates that can yield no name.
func (u usedNames) empty(tell func(kind string, paths []string)) {
	for _, kind := range slices.Sorted(maps.Keys(u.kinds())) {
		if use := u[usedName{kind, ""}]; use != nil {
			tell(kind, use.paths)
		}
	}
}

func (u usedNames) kinds() map[string]bool {
	kinds := make(map[string]bool)
	for n := range u {
		kinds[n.kind] = true
	}
	return kinds
}

func (a analysis) places(paths []string) []string {
	var list []string
	for _, path := range paths {
		if at := a.Place(path); at != "" && !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

// addRights adds the queues whose rights the configuration needs of a service, where it
// changes tickets at all.
func (d *modelDoctor) addRights(service string, u usedNames, named map[string][]string) {
	changes := slices.ContainsFunc(d.pipes, func(p *flow.Pipe) bool {
		_, searches := p.Params[criteriaKey]
		return !searches && slices.ContainsFunc(slices.Collect(maps.Values(p.Injects)), func(id any) bool { return id == service })
	})
	if !changes {
		return
	}
	for n, use := range u {
		if n.kind != "queue" || n.name == "" {
			continue
		}
		for _, path := range use.paths {
			kind := app.QueuesMovedInto
			if strings.Contains(path, "."+criteriaKey+".") {
				kind = app.QueuesWorkedIn
			}
			if !slices.Contains(named[kind], n.name) {
				named[kind] = append(named[kind], n.name)
			}
		}
	}
}

// targets collects the names of what a pipe that decides by a label makes of tickets, by its
// map or its table. What is wrong with these is reported before.
func (d *modelDoctor) targets(u usedNames, p *flow.Pipe) {
	at, err := params.ParsePath(p.Path)
	if err != nil {
		return
	}
	at = at.Key("params")
	row := func(path params.Path, value any) {
		parts, _ := value.(map[string]any)
		for _, part := range []string{decision.Queue, decision.Priority, decision.State, decision.Type} {
			d.entity(u, p, path.Key(part).String(), part, parts[part])
		}
	}
	rows, _ := p.Params["map"].(map[string]any)
	for _, label := range slices.Sorted(maps.Keys(rows)) {
		row(at.Key("map").Key(label), rows[label])
	}
	row(at.Key("otherwise"), p.Params["otherwise"])
	file, isText := p.Params["map_file"].(string)
	if !isText || file == "" || jinja.HasTemplate(file) {
		return
	}
	path := at.Key("map_file").String()
	table, err := base.ReadDecisionTable(base.FileName(file, d.a.ConfigDir(path)), nil)
	if err != nil {
		return
	}
	for _, label := range slices.Sorted(maps.Keys(table.Map)) {
		for part, to := range table.Map[label].Parts() {
			u.add(part, to.Name, path, nil)
		}
	}
}

// criteriaKey is the param of a pipe that searches.
const criteriaKey = "ticket_search_criteria"

// nameKinds are the keys of a ticket, an update or search criteria that name
// something which the help desk must have.
var nameKinds = map[string]string{
	"queue": "queue", "priority": "priority", "state": "state", "states": "state", "owner": "owner",
	"Queues": "queue", "Priorities": "priority", "States": "state", "Types": "type", "Type": "type", "Locks": "lock", "Lock": "lock",
	"Responsible": "owner", "Owners": "owner", "Responsibles": "owner",
}

// namesFor collects the names that the pipes which use a service give it, and those that its
// bounds list.
func (d *modelDoctor) namesFor(service string) usedNames {
	u := make(usedNames)
	d.allowed(u, service)
	for _, p := range d.pipes {
		for _, id := range p.Injects {
			if id == service {
				if p.Use == base.DecisionUse {
					d.targets(u, p)
				} else {
					d.walk(u, p, p.Path+".params", p.Params)
				}
				break
			}
		}
	}
	return u
}

// allowed adds the names that may be written by a service. One that isn't there is most likely
// misspelled, and what was meant is refused.
func (d *modelDoctor) allowed(u usedNames, service string) {
	for _, s := range d.a.Document.Services {
		if s.ID != service || s.Bounds.Allow == nil {
			continue
		}
		path := s.Path + ".allow."
		for _, list := range []struct {
			kind, key string
			values    *bounds.Values
		}{
			{"queue", "queues", s.Bounds.Allow.Queues}, {"priority", "priorities", s.Bounds.Allow.Priorities}, {"state", "states", s.Bounds.Allow.States},
		} {
			if list.values == nil {
				continue
			}
			for _, name := range list.values.Names {
				u.add(list.kind, name, path+list.key, nil)
			}
		}
	}
}

// walk leaves out the pipes in the params: they use what they inject themselves.
func (d *modelDoctor) walk(u usedNames, p *flow.Pipe, path string, value any) {
	switch v := value.(type) {
	case []any:
		for i, e := range v {
			d.walk(u, p, fmt.Sprintf("%s[%d]", path, i), e)
		}
	case map[string]any:
		if _, isPipe := flow.AsPipe(v); isPipe {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := path + "." + key
			if kind, named := nameKinds[key]; named {
				d.entity(u, p, at, kind, v[key])
				continue
			}
			d.walk(u, p, at, v[key])
		}
	}
}

// entity reads {name: X}, X alone, or a list of either. An id can't be misspelled.
func (d *modelDoctor) entity(u usedNames, p *flow.Pipe, path, kind string, value any) {
	switch v := value.(type) {
	case string:
		d.name(u, p, path, kind, v)
	case map[string]any:
		d.entity(u, p, path+".name", kind, v["name"])
	default:
		if list := reflect.ValueOf(value); value != nil && list.Kind() == reflect.Slice {
			for i := range list.Len() {
				d.entity(u, p, fmt.Sprintf("%s[%d]", path, i), kind, list.Index(i).Interface())
			}
		}
	}
}

// name adds a name, and of a template all that it can yield. The template itself
// stands for what isn't known.
func (d *modelDoctor) name(u usedNames, p *flow.Pipe, path, kind, text string) {
	if !jinja.HasTemplate(text) {
		if name := strings.TrimSpace(text); name != "" {
			u.add(kind, name, path, nil)
		}
		return
	}
	d.asked = nil
	names, complete := d.follower.Outcomes(p, text)
	for _, name := range names {
		name = strings.TrimSpace(name)
		u.add(kind, name, path, d.modelsWith(name))
	}
	if !complete {
		u.add(kind, strings.TrimSpace(text), path, nil)
	}
}
