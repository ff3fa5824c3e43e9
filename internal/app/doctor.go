package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// diagnoser is optional on a service: it looks by reading alone whether what the
// configuration needs of it is there. named are the names that the configuration
// uses, by kind (queue, priority, state, owner, type, lock). found is told of each
// finding, with the keys check, status, message, fix and subject, the name that it
// is about. Further keys are ignored.
type diagnoser interface {
	Diagnose(ctx context.Context, named map[string][]string, found func(finding map[string]string))
}

// The states of a [Finding].
const (
	FindingOK      = "ok"
	FindingWarning = "warning"
	FindingFailed  = "failed"
	FindingUnknown = "unknown" // can't be told from here; Fix says where to look
)

// Finding is one thing that the doctor looked at. Its JSON form is stable.
type Finding struct {
	Service string   `json:"service"`
	Check   string   `json:"check"`
	Status  string   `json:"status"`
	Message string   `json:"message"`
	Fix     string   `json:"fix,omitempty"`
	Places  []string `json:"places,omitempty"` // file:line:column of what it is about
}

// Diagnosis is the answer of [Doctor]. Its JSON form is stable.
type Diagnosis struct {
	Healthy  bool      `json:"healthy"` // nothing failed
	Findings []Finding `json:"findings"`
}

// Doctor checks the configured ticket systems online. Nothing is written to them.
// show is told of each finding as it comes. A failed finding is an answer; the
// fault then returned beside it carries only the exit code.
func Doctor(ctx context.Context, s Settings, show func(Finding)) (Diagnosis, error) {
	a, err := prepare(ctx, s, choices{silent: true}) // the findings say it better
	if err != nil {
		return Diagnosis{}, err
	}
	defer a.close()
	engine, err := a.engine(orchestrator.Options{Once: true})
	if err != nil {
		return Diagnosis{}, err
	}
	d := Diagnosis{Healthy: true, Findings: []Finding{}}
	add := func(f Finding) {
		f.Message, f.Fix = a.redactor.Text(f.Message), a.redactor.Text(f.Fix)
		d.Healthy = d.Healthy && f.Status != FindingFailed
		d.Findings = append(d.Findings, f)
		show(f)
	}
	systems := 0
	for _, service := range a.document.Services {
		instance, _ := engine.Service(service.ID)
		if a.diagnose(ctx, service.ID, instance, add) {
			systems++
		}
	}
	err = engine.Close()
	switch {
	case ctx.Err() != nil:
		return d, fault(CodeRun, errors.New("the checks were stopped before their end"))
	case err != nil:
		return d, fault(CodeRun, a.clean(err))
	case systems == 0:
		return d, fault(CodeUsage, errors.New("the configuration has no ticket system to check; see docs/getting-started.md"))
	case !d.Healthy:
		return d, &Fault{Code: CodeRun, Err: errUnhealthy}
	}
	return d, nil
}

var errUnhealthy = errors.New("a check failed")

// diagnose reports whether the service is a ticket system, or one that can
// diagnose itself.
func (a *application) diagnose(ctx context.Context, id string, instance any, add func(Finding)) bool {
	_, tickets := instance.(api.TicketSystem)
	doctor, able := instance.(diagnoser)
	health, asked := instance.(api.HealthChecker)
	switch {
	case able:
		u := a.namesFor(id)
		doctor.Diagnose(ctx, u.names(), func(f map[string]string) {
			add(Finding{
				Service: id, Check: f["check"], Status: f["status"], Message: f["message"], Fix: f["fix"],
				Places: a.places(u[usedName{f["check"], f["subject"]}]),
			})
		})
	case tickets && asked:
		f := Finding{Service: id, Check: "health", Status: FindingOK, Message: "answers"}
		if err := health.CheckHealth(ctx); err != nil {
			f.Status, f.Message = FindingFailed, err.Error()
		}
		add(f)
	case tickets:
		add(Finding{Service: id, Check: "health", Status: FindingUnknown, Message: "this plugin has no checks"})
	default:
		return false
	}
	return true
}

// usedName is a name of one kind that the configuration uses.
type usedName struct{ kind, name string }

// usedNames are the paths at which names are used.
type usedNames map[usedName][]string

func (u usedNames) names() map[string][]string {
	all := make(map[string][]string)
	for n := range u {
		all[n.kind] = append(all[n.kind], n.name)
	}
	for _, list := range all {
		slices.Sort(list)
	}
	return all
}

func (a *application) places(paths []string) []string {
	var list []string
	for _, path := range paths {
		if at := place(a.document)(path); at != "" && !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

// nameKinds are the keys of a ticket, an update or search criteria that name
// something which the help desk must have.
var nameKinds = map[string]string{
	"queue": "queue", "priority": "priority", "state": "state", "states": "state", "owner": "owner",
	"Queues": "queue", "Priorities": "priority", "States": "state", "Types": "type", "Type": "type", "Locks": "lock", "Lock": "lock",
	"Responsible": "owner", "Owners": "owner", "Responsibles": "owner",
}

// namesFor collects the names that the pipes which use a service give it.
func (a *application) namesFor(service string) usedNames {
	u := make(usedNames)
	u.pipe("orchestrator", a.document.Orchestrator, service)
	return u
}

// pipe walks one pipe's params. The pipes in them use what they inject themselves.
func (u usedNames) pipe(path string, pipe map[string]any, service string) {
	injects, _ := pipe["injects"].(map[string]any)
	uses := false
	for _, id := range injects {
		uses = uses || id == service
	}
	u.walk(path+".params", pipe["params"], service, uses)
}

func (u usedNames) walk(path string, value any, service string, uses bool) {
	switch v := value.(type) {
	case []any:
		for i, e := range v {
			u.walk(fmt.Sprintf("%s[%d]", path, i), e, service, uses)
		}
	case map[string]any:
		if _, isPipe := v["use"].(string); isPipe {
			u.pipe(path, v, service)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := path + "." + key
			if kind, named := nameKinds[key]; named && uses {
				u.entity(at, kind, v[key])
				continue
			}
			u.walk(at, v[key], service, uses)
		}
	}
}

// entity reads {name: X}, X alone, or a list of either. An id can't be misspelt.
func (u usedNames) entity(path, kind string, value any) {
	switch v := value.(type) {
	case string:
		if name := strings.TrimSpace(v); name != "" {
			n := usedName{kind, name}
			u[n] = append(u[n], path)
		}
	case map[string]any:
		u.entity(path+".name", kind, v["name"])
	default:
		if list := reflect.ValueOf(value); value != nil && list.Kind() == reflect.Slice {
			for i := range list.Len() {
				u.entity(fmt.Sprintf("%s[%d]", path, i), kind, list.Index(i).Interface())
			}
		}
	}
}
