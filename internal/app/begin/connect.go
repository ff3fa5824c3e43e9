package begin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/diagnose"
	"github.com/open-ticket-ai/otai/internal/app/models"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// The uses that the configuration has.
const (
	deskUse       = "otobo-znuny:OTOBOZnunyTicketSystemService"
	classifierUse = models.DefaultClassifier
)

const (
	statusOK      = diagnose.StatusOK
	statusFailed  = diagnose.StatusFailed
	statusUnknown = diagnose.StatusUnknown
)

// connection is the help desk and the classifier, built as a run builds them. Neither is
// started.
type connection struct {
	setup      *app.Setup
	engine     *orchestrator.Engine
	desk       any // the ticket system
	elsewhere  any // the same with this machine's time zone, nil if that is the usual one
	zone       string
	classifier any
}

func (c *connection) close() error {
	defer c.setup.Close()
	return c.engine.Close()
}

// connect builds services for all addresses, and returns that which answers.
func (d *dialog) connect(addresses []string) (*connection, error) {
	zone := localZone(d.s)
	var b strings.Builder
	b.WriteString("services:\n")
	// Each question is asked: that one before was not answered says nothing about the next.
	asking := func(params string) string { return strings.Replace(params, "{ ", "{ breaker_failures: 0, ", 1) }
	for i, address := range addresses {
		fmt.Fprintf(&b, "  desk%d: { use: %q, params: %s }\n", i, deskUse, asking(d.deskParams(address, "")))
		if zone != "" {
			fmt.Fprintf(&b, "  zoned%d: { use: %q, params: %s }\n", i, deskUse, asking(d.deskParams(address, zone)))
		}
	}
	fmt.Fprintf(&b, "  models: { use: %q }\n", classifierUse)
	b.WriteString("orchestrator: { runners: [{ on: { use: \"base:IntervalTrigger\", params: { interval: PT1H } }, run: { use: \"base:ExpressionPipe\", params: { expression: 1 } } }] }\n")
	s := d.s
	s.Environ = append(withoutConfiguration(s.Environ), PasswordVariable+"="+d.password)
	d.o.Working("loading the plugins")
	defer d.o.Working("")
	setup, err := app.Prepare(d.ctx, s, app.PrepareOptions{Files: []config.Source{{Name: d.folder.configPath(), Data: []byte(b.String())}}, Silent: true, Bundled: true})
	if err != nil {
		return nil, err
	}
	engine, err := setup.Engine(orchestrator.Options{Once: true})
	if err != nil {
		setup.Close()
		return nil, err
	}
	c := &connection{setup: setup, engine: engine, zone: zone}
	c.classifier, _ = engine.Service("models")
	d.o.Working("asking the help desk")
	at := answering(d.ctx, engine, len(addresses))
	c.desk, _ = engine.Service(fmt.Sprintf("desk%d", at))
	if zone != "" {
		c.elsewhere, _ = engine.Service(fmt.Sprintf("zoned%d", at))
	}
	d.settings.address = addresses[at]
	return c, nil
}

// answering is the number of the first address at which a help desk lets the agent in, or
// refuses the login; the first one if there is none.
func answering(ctx context.Context, engine *orchestrator.Engine, addresses int) int {
	if addresses < 2 {
		return 0
	}
	for i := range addresses {
		desk, _ := engine.Service(fmt.Sprintf("desk%d", i))
		asked, ok := desk.(api.HealthChecker)
		if !ok {
			return 0
		}
		err := asked.CheckHealth(ctx)
		var refused interface{ LoginRefused() bool }
		if err == nil || errors.As(err, &refused) && refused.LoginRefused() {
			return i
		}
	}
	return 0
}

func (d *dialog) agent() string { return cmp.Or(d.user, "open_ticket_ai") }

// deskParams are the params of the ticket system, without what is the default.
func (d *dialog) deskParams(address, zone string) string {
	params := []string{"base_url: " + literal(address)}
	add := func(key, value, usual string) {
		if value != "" && value != usual {
			params = append(params, key+": "+literal(value))
		}
	}
	add("username", d.user, "open_ticket_ai")
	add("webservice_name", d.service, "OpenTicketAI")
	add("time_zone", zone, "UTC")
	if d.o.CA != "" {
		params = append(params, "tls: { ca_file: "+literal(d.s.Abs(d.o.CA))+" }")
	}
	return "{ " + strings.Join(append(params, "articles: first"), ", ") + " }"
}

// withoutConfiguration leaves out the variables that stand for values of a configuration:
// they belong to another one than that which is asked for.
func withoutConfiguration(environ []string) []string {
	var kept []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(strings.ToUpper(variable), "=")
		if !strings.HasPrefix(name, "OTAI__") && !strings.HasPrefix(name, "OPEN_TICKET_AI__") && !strings.HasPrefix(name, "CFG__") && name != "OTAI_DATABASE_URL" {
			kept = append(kept, variable)
		}
	}
	return kept
}

// diagnoser is what a ticket system offers for doctor.
type diagnoser interface {
	Diagnose(ctx context.Context, named map[string][]string, report func(diagnostic map[string]string))
}

// examine returns the diagnostics of the help desk.
func (d *dialog) examine(named map[string][]string) []map[string]string {
	return examined(d.ctx, d.desk, named)
}

func examined(ctx context.Context, desk any, named map[string][]string) []map[string]string {
	var all []map[string]string
	if able, ok := desk.(diagnoser); ok {
		able.Diagnose(ctx, named, func(f map[string]string) { all = append(all, f) })
	}
	return all
}

func (d *dialog) show(f map[string]string) {
	d.o.Show(diagnose.Diagnostic{
		Service: deskID, Check: f["check"], Status: f["status"],
		Message: d.setup.Redactor.Text(f["message"]), Fix: d.setup.Redactor.Text(f["fix"]),
	})
}

// meet tests the address, the login, the reading and the clock. wrong is whether something
// is that doesn't keep the files from being written.
func (d *dialog) meet() (wrong bool, err error) {
	d.o.Working("asking the help desk")
	found := d.examine(nil)
	d.o.Working("")
	if d.ctx.Err() != nil {
		return false, d.ctx.Err()
	}
	read := false
	for _, f := range found {
		read = read || f["check"] == "reading" && f["status"] == statusOK
		switch {
		case f["check"] == "clock" && f["status"] == statusFailed:
			if d.elsewhere != nil && clockAgrees(d.ctx, d.elsewhere) {
				d.desk, d.settings.zone = d.elsewhere, d.zone
				continue
			}
			wrong = true
			d.show(f)
		case f["status"] == statusFailed:
			d.show(f)
			return false, fmt.Errorf("%s can't be used as it is (%s); nothing was written", d.settings.address, f["check"])
		case f["check"] == "reading" && f["status"] == statusUnknown, f["status"] == diagnose.StatusWarning, f["status"] == statusOK:
			d.show(f)
		}
	}
	if !read {
		return false, errors.New("the agent can read no ticket; nothing was written")
	}
	return wrong, nil
}

func clockAgrees(ctx context.Context, desk any) bool {
	for _, f := range examined(ctx, desk, nil) {
		if f["check"] == "clock" {
			return f["status"] == statusOK
		}
	}
	return false
}

// localZone is the name of this machine's time zone, "" if it isn't known or is UTC.
func localZone(s app.Settings) string {
	name, set := s.Lookup("TZ")
	if name = strings.TrimPrefix(name, ":"); !set {
		target, err := filepath.EvalSymlinks("/etc/localtime")
		if err != nil {
			return ""
		}
		_, name, _ = strings.Cut(target, "zoneinfo/")
		if name == "" {
			if text, err := os.ReadFile("/etc/timezone"); err == nil && len(text) < 100 {
				name = strings.TrimSpace(string(text))
			}
		}
	}
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "UTC" || name == "Etc/UTC" {
		return ""
	}
	return name
}

// rights asks for what the configuration needs of the agent. missing is whether the agent
// certainly lacks something.
func (d *dialog) rights() (missing bool, err error) {
	d.o.Working("looking at the agent's rights")
	needed := map[string][]string{app.QueuesWorkedIn: d.settings.queues}
	if d.settings.kind == kindQueue {
		needed[app.QueuesMovedInto] = d.settings.targets()
	}
	found := d.examine(needed)
	d.o.Working("")
	for _, f := range found {
		if !strings.HasPrefix(f["check"], "right to ") {
			continue
		}
		missing = missing || f["status"] == statusFailed
		if f["status"] == statusUnknown && f["fix"] != "" {
			f["fix"] = "otai doctor shows the commands that grant it" // it is for later, if at all
		}
		d.show(f)
	}
	return missing, d.ctx.Err()
}
