package begin

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/diagnose"
	"github.com/open-ticket-ai/otai/internal/app/models"
)

// Options are what the flags say, and how people are talked to.
type Options struct {
	URL, User, WebService, CA string
	Queues                    []string // to read from
	Map                       []string // LABEL=QUEUE
	Model                     string   // folder or name
	Demo                      bool     // offer the demonstration's model
	Dir                       string   // for the files; "" is the working directory
	Yes                       bool     // take only what has the same name, and don't ask about the rest
	Insecure                  bool     // send the password to another machine in clear text

	Ask      func(context.Context, Question) (string, error) // nil: there is no terminal. io.EOF is its end
	Say      func(format string, args ...any)                // writes to people, as fmt.Printf
	Show     func(diagnose.Diagnostic)
	Working  func(what string) // of what may take long; "" is its end
	Progress models.Progress   // of a download
}

// Question is one to people.
type Question struct {
	Text    string
	Default string // for an empty answer; "" if there is none
	Hidden  bool   // don't show what is typed
}

// Result is what [Run] has written.
type Result struct {
	Written bool
	Dir     string // as it was named
	Config  string // path of the configuration, as a command takes it; "" if commands find it by themselves
}

// errNotAllowed is the outcome of a help desk that refuses what the configuration needs.
var errNotAllowed = errors.New("the files are written, but the help desk is not yet as they need it; see above, then: otai doctor")

// Run writes a first configuration for a help desk. The error may come beside a result: then
// the files are written, and something in the help desk is missing.
func Run(ctx context.Context, s app.Settings, o Options) (Result, error) {
	d := &dialog{ctx: ctx, s: s, o: o, user: o.User, service: o.WebService}
	result, err := d.run()
	switch {
	case d.connection == nil: // whose services are what there is to end
	case err != nil:
		err = app.ExitWith(app.CodeRun, d.setup.Clean(errors.Join(err, d.close())))
	default:
		err = d.close()
	}
	if ctx.Err() != nil && !result.Written {
		return result, app.ExitWith(app.CodeRun, errors.New("otai init was stopped before its end; nothing was written"))
	}
	return result, app.ExitWith(app.CodeRun, err)
}

// dialog is one call of init.
type dialog struct {
	ctx           context.Context
	s             app.Settings
	o             Options
	user, service string // "": the usual ones

	folder   folder
	password string

	*connection          // nil until there is one
	settings    settings // what the files will say
}

func (d *dialog) run() (Result, error) {
	var err error
	if d.folder, err = newFolder(d.s, d.o.Dir); err != nil {
		return Result{}, err
	}
	addresses, err := d.addresses()
	if err != nil {
		return Result{}, err
	}
	if d.password, err = d.askPassword(); err != nil {
		return Result{}, err
	}
	if d.connection, err = d.connect(addresses); err != nil {
		return Result{}, err
	}
	wrong, err := d.meet()
	if err != nil {
		return Result{}, err
	}
	seen, err := d.look()
	if err != nil {
		return Result{}, err
	}
	if d.settings.queues, err = d.chooseQueues(seen); err != nil {
		return Result{}, err
	}
	model, err := d.chooseModel()
	if err != nil {
		return Result{}, err
	}
	d.settings.model = model.written
	if d.settings.rows, d.settings.kind, err = d.mapLabels(model, seen); err != nil {
		return Result{}, err
	}
	missing, err := d.rights()
	if err != nil {
		return Result{}, err
	}
	if err := d.write(); err != nil {
		return Result{}, err
	}
	result := Result{Written: true, Dir: d.folder.named, Config: d.folder.config()}
	if wrong || missing {
		return result, app.ExitWith(app.CodeRun, errNotAllowed)
	}
	return result, nil
}

// usage is an error about a flag, or one that is missing.
func usage(format string, args ...any) error {
	return app.ExitWith(app.CodeUsage, fmt.Errorf(format, args...))
}
