package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// diagnoser is optional on a service: it checks without writing whether what the
// configuration needs of it is there. named are the names that the configuration
// uses, by kind (queue, priority, state, owner, type, lock; and once more the queues whose
// rights it needs, see [app.QueuesWorkedIn]). report is called for each
// diagnostic, with the keys check, status, message, fix and subject, the name that it
// is about. Further keys are ignored.
type diagnoser interface {
	Diagnose(ctx context.Context, named map[string][]string, report func(diagnostic map[string]string))
}

// The states of a [Diagnostic].
const (
	StatusOK      = "ok"
	StatusWarning = "warning"
	StatusFailed  = "failed"
	StatusUnknown = "unknown" // not known from here; Fix says where to look
)

// Diagnostic is one thing that the doctor looked at. Its JSON form is stable.
type Diagnostic struct {
	Service string   `json:"service"`
	Check   string   `json:"check"`
	Status  string   `json:"status"`
	Message string   `json:"message"`
	Fix     string   `json:"fix,omitempty"`
	Places  []string `json:"places,omitempty"` // file:line:column of what it is about
}

// Diagnosis is the answer of [Doctor]. Its JSON form is stable.
type Diagnosis struct {
	Healthy     bool         `json:"healthy"` // nothing failed
	Diagnostics []Diagnostic `json:"findings"`
}

// DoctorOptions say where [Doctor] reports what it does.
type DoctorOptions struct {
	Show    func(Diagnostic)  // each diagnostic, as it comes
	Working func(what string) // of what may take long; "" is its end
}

// Doctor loads the configured models and checks the configured ticket systems online.
// Nothing is written to them, and nothing is downloaded. A failed check is an
// answer; the [app.ExitError] then returned beside it carries only the exit code.
func Doctor(ctx context.Context, s app.Settings, o DoctorOptions) (Diagnosis, error) {
	setup, err := app.Prepare(ctx, s, app.PrepareOptions{Silent: true}) // the diagnostics say it better
	if err != nil {
		return Diagnosis{}, err
	}
	a := analysis{setup}
	defer a.Close()
	engine, err := a.Engine(orchestrator.Options{Once: true, Stop: ctx.Done()})
	if err != nil {
		return Diagnosis{}, err
	}
	d := Diagnosis{Healthy: true, Diagnostics: []Diagnostic{}}
	add := func(f Diagnostic) {
		f.Message, f.Fix = a.Redactor.Text(f.Message), a.Redactor.Text(f.Fix)
		d.Healthy = d.Healthy && f.Status != StatusFailed
		d.Diagnostics = append(d.Diagnostics, f)
		o.Show(f)
	}
	systems := a.ask(ctx, engine, o.Working, add)
	a.lookIntoRuns(ctx, add)
	err = engine.Close()
	switch {
	case ctx.Err() != nil:
		return d, app.ExitWith(app.CodeRun, errors.New("the checks were stopped before their end"))
	case err != nil:
		return d, app.ExitWith(app.CodeRun, a.Clean(err))
	case systems == 0:
		return d, app.ExitWith(app.CodeUsage, errors.New("the configuration has no ticket system to check; see docs/getting-started.md"))
	case !d.Healthy:
		return d, &app.ExitError{Code: app.CodeRun, Err: errUnhealthy}
	}
	return d, nil
}

// ask has services say what is there of what the configuration needs, models first, and returns how many of
// them are ticket systems.
func (a analysis) ask(ctx context.Context, engine *orchestrator.Engine, working func(string), add func(Diagnostic)) (systems int) {
	models := newModelDoctor(ctx, a)
	models.engine = engine
	for _, service := range a.Document.Services {
		instance, _ := engine.Service(service.ID)
		models.check(service.ID, instance, working, add)
	}
	for _, service := range a.Document.Services {
		instance, _ := engine.Service(service.ID)
		if a.diagnose(ctx, models, service.ID, instance, add) {
			systems++
		}
	}
	return systems
}

var errUnhealthy = errors.New("a check failed")

// diagnose reports whether the service is a ticket system, or one that can
// diagnose itself.
func (a analysis) diagnose(ctx context.Context, models *modelDoctor, id string, instance any, add func(Diagnostic)) bool {
	_, tickets := instance.(api.TicketSystem)
	doctor, able := instance.(diagnoser)
	health, asked := instance.(api.HealthChecker)
	switch {
	case able:
		u := models.namesFor(id)
		there := &labelsThere{}
		tellLabels := func() {
			there.tell(func(kind, message string, paths []string) {
				add(Diagnostic{Service: id, Check: kind, Status: StatusOK, Message: message, Places: a.places(paths)})
			})
		}
		named := u.names()
		models.addRights(id, u, named)
		err := reportsOf(ctx, models.engine, id, func(f map[string]string) {
			name := usedName{f["check"], f["subject"]}
			if !there.isOf(name.kind) {
				tellLabels() // beside the other names of their kind
			}
			found := Diagnostic{Service: id, Check: f["check"], Status: f["status"], Message: f["message"], Fix: f["fix"]}
			use := u[name]
			if use != nil {
				found.Places = a.places(use.paths)
			}
			if use == nil || len(use.models) == 0 {
				add(found)
				return
			}
			switch found.Status {
			case StatusOK:
				there.count(name.kind, use) // one line for all of them
				return
			case StatusFailed:
				found.Message = fmt.Sprintf("the label %q of %s has no %s of this name: %s", name.name, strings.Join(use.models, " and "), name.kind, found.Message)
				found.Fix = strings.TrimSuffix(fmt.Sprintf("make a %s of this name, or map the label to another in the template; else %s", name.kind, found.Fix), "; else ")
			}
			add(found)
		}, func(report func(map[string]string)) { doctor.Diagnose(ctx, named, report) })
		tellLabels()
		if err != nil {
			add(Diagnostic{Service: id, Check: "health", Status: StatusFailed, Message: err.Error()})
		}
		u.empty(func(kind string, paths []string) {
			add(Diagnostic{
				Service: id, Check: kind, Status: StatusWarning, Places: a.places(paths),
				Message: "the template can yield an empty text, which is the name of no " + kind + ": the run stops there",
				Fix:     "let every branch of the template give a name, or ask before with `if` whether the step is to run",
			})
		})
	case tickets && asked:
		f := Diagnostic{Service: id, Check: "health", Status: StatusOK, Message: "answers"}
		if err := models.engine.Ask(ctx, id, func() error { return health.CheckHealth(ctx) }); err != nil {
			f.Status, f.Message = StatusFailed, err.Error()
		}
		add(f)
	case tickets:
		add(Diagnostic{Service: id, Check: "health", Status: StatusUnknown, Message: "this plugin has no checks"})
	default:
		return false
	}
	return true
}
