package begin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/check"
	"github.com/open-ticket-ai/otai/internal/files"
)

const (
	configName = "config.yml"
	dotEnvName = ".env"
	deskID     = "help_desk"
)

// folder is where the files are written.
type folder struct {
	named string // as people named it; "" is the working directory
	path  string
}

// newFolder checks, before anybody is asked anything, that the files can be written.
func newFolder(s app.Settings, named string) (folder, error) {
	f := folder{named: named, path: s.Dir}
	if named != "" {
		f.path = s.Abs(named)
	}
	for _, name := range []string{configName, dotEnvName} {
		switch _, err := os.Lstat(filepath.Join(f.path, name)); {
		case err == nil:
			return f, usage("%s is there already and stays as it is: name another folder with -o, or move it away", filepath.Join(f.path, name))
		case !errors.Is(err, fs.ErrNotExist):
			return f, usage("%s can't be written: %w", filepath.Join(f.path, name), files.Reason(err))
		}
	}
	at := f.path
	if _, err := os.Stat(at); errors.Is(err, fs.ErrNotExist) {
		at = filepath.Dir(at) // it will be made
	}
	if err := unix.Access(at, unix.W_OK|unix.X_OK); err != nil {
		return f, usage("no file can be written into %s: %w", at, err)
	}
	return f, nil
}

// configPath is the path of the configuration.
func (f folder) configPath() string { return filepath.Join(f.path, configName) }

// config is the configuration as commands take it, "" if they find it themselves.
func (f folder) config() string {
	if f.named == "" || f.named == "." {
		return ""
	}
	return filepath.Join(f.named, configName)
}

// relative is the path of a folder as it is written in the configuration: from its own
// folder if it is in that.
func (f folder) relative(path string) string {
	below, err := filepath.Rel(f.path, path)
	if err != nil || below == ".." || strings.HasPrefix(below, "../") {
		return path
	}
	return "./" + below
}

// settings are what the files say.
type settings struct {
	address, zone string
	queues        []string
	model         string
	kind          string // what the labels are mapped to
	rows          []row
}

// targets are those of the rows, each once, in their order.
func (s settings) targets() []string {
	var list []string
	for _, r := range s.rows {
		if r.target != "" && !slices.Contains(list, r.target) {
			list = append(list, r.target)
		}
	}
	return list
}

// quoted is a text in double quotes. JSON's are YAML's.
func quoted(text string) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a text always has a JSON form
	return strings.TrimSuffix(out.String(), "\n")
}

// literal is a text of a service's param, in which ${ would begin a reference.
func literal(text string) string { return quoted(strings.ReplaceAll(text, "${", "$${")) }

func quotedList(list []string) string {
	all := make([]string, len(list))
	for i, text := range list {
		all[i] = quoted(text)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// text is the configuration.
func (d *dialog) text() string {
	s := d.settings
	criteria := "queue: { name: " + quoted(s.queues[0]) + " }, fields: { StateType: [new, open], Locks: [unlock] }"
	if len(s.queues) > 1 {
		criteria = "fields: { Queues: " + quotedList(s.queues) + ", StateType: [new, open], Locks: [unlock] }"
	}
	allow := "queues: " + quotedList(s.targets()) + ", priorities: []"
	if s.kind == kindPriority {
		allow = "queues: [], priorities: " + quotedList(s.targets())
	}
	var rows strings.Builder
	for _, r := range s.rows {
		switch {
		case r.target != "":
			fmt.Fprintf(&rows, "%s%s: { %s: %s }\n", indent, quoted(r.label), s.kind, quoted(r.target))
		case r.near != "":
			fmt.Fprintf(&rows, "%s%s: {} # perhaps { %s: %s }; add it to allow, too\n", indent, quoted(r.label), s.kind, quoted(r.near))
		default:
			fmt.Fprintf(&rows, "%s%s: {} # left to people\n", indent, quoted(r.label))
		}
	}
	return strings.NewReplacer(
		"<date>", time.Now().Format(time.DateOnly),
		"<desk>", d.deskParams(s.address, s.zone),
		"<allow>", allow,
		"<model>", literal(s.model),
		"<criteria>", criteria,
		"<rows>", rows.String(),
	).Replace(form)
}

const indent = "                        "

// form is the configuration: at most twenty lines that set something, besides the rows.
const form = `# Written by otai init on <date>. docs/configuration.md explains every key.
# It suggests: each new ticket gets an internal note that says where it belongs. Nothing is moved.
services:
  help_desk:
    use: "otobo-znuny:OTOBOZnunyTicketSystemService"
    params: <desk> # the password is in .env
    allow: { <allow>, states: [], notes: internal } # no other queue, priority or state is ever written
  models: { use: "hf-local:HFClassificationService", params: { model_name: <model> } }
orchestrator:
  runners:
    - id: sort
      on: { use: "base:IntervalTrigger", params: { interval: "PT10S" } }
      run:
        params:
          steps:
            - id: fetch
              use: "base:FetchTicketsPipe"
              injects: { ticket_system: help_desk }
              params: { ticket_search_criteria: { <criteria>, limit: 100 } }
            - use: "base:ForEachPipe" # each ticket is a run of its own
              params:
                items: "{{ get_pipe_result('fetch', 'fetched_tickets') }}"
                as: ticket
                steps:
                  - { id: label, use: "base:ClassificationPipe", injects: { classification_service: models },
                      params: { text: "{{ get_parent_param('ticket').subject }} {{ get_parent_param('ticket').body }}" } }
                  - use: "base:DecisionPipe"
                    injects: { ticket_system: help_desk }
                    params:
                      ticket_id: "{{ get_parent_param('ticket').id }}"
                      from: label
                      # apply_from: 0.9 # once otai try has shown that it is right: moves tickets from this confidence on
                      otherwise: leave
                      map:
<rows>`

// dotEnv is the file with the password, in quotes in which it is read as it is.
func (d *dialog) dotEnv() (string, error) {
	doubled := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(d.password)
	for _, value := range []string{"'" + d.password + "'", `"` + doubled + `"`, d.password} {
		text := "# The password of the agent " + quoted(d.agent()) + ". otai reads this file, since it is beside config.yml.\n" + PasswordVariable + "=" + value + "\n"
		read, _ := config.Read(config.Options{
			Files:  []config.Source{{Name: configName, Data: []byte("services: {}\n")}},
			DotEnv: []config.Source{{Name: dotEnvName, Data: []byte(text)}},
		})
		if read == nil {
			continue
		}
		if got, _ := read.Lookup(PasswordVariable); got == d.password {
			return text, nil
		}
	}
	return "", fmt.Errorf("the password can't be written into a file .env as it is; give the agent another one, without quotes or backslashes")
}

// write checks what it is about to write as validate does, and writes both files or none.
func (d *dialog) write() error {
	text := d.text()
	dotEnv, err := d.dotEnv()
	if err != nil {
		return err
	}
	if err := d.check(text, dotEnv); err != nil {
		return err
	}
	if d.ctx.Err() != nil {
		return d.ctx.Err()
	}
	made := os.Mkdir(d.folder.path, 0o755) == nil
	err = files.WriteAllNew(d.folder.path, []files.New{
		{Name: configName, Content: []byte(text), Mode: 0o644},
		{Name: dotEnvName, Content: []byte(dotEnv), Mode: 0o600},
	})
	if err == nil {
		return nil
	}
	if made {
		_ = os.Remove(d.folder.path) // it is empty, or somebody else uses it by now
	}
	if errors.Is(err, fs.ErrExist) {
		return usage("%s or %s has appeared in %s meanwhile and stays as it is; nothing was written", configName, dotEnvName, d.folder.path)
	}
	return fmt.Errorf("writing %s and %s: %w; nothing was written", configName, dotEnvName, err)
}

// check reads the configuration as validate does, with the plugins that are loaded.
func (d *dialog) check(text, dotEnv string) error {
	document, found := config.Read(config.Options{
		Files:  []config.Source{{Name: d.folder.configPath(), Data: []byte(text)}},
		DotEnv: []config.Source{{Name: filepath.Join(d.folder.path, dotEnvName), Data: []byte(dotEnv)}},
	})
	if document != nil {
		found = found.And(check.Check(document, d.setup.Catalog))
	}
	if found.HasErrors() {
		return app.ExitWith(app.CodeRun, fmt.Errorf("what would be written is wrong, so nothing was; please report this: %w", &app.DiagnosticsError{Diagnostics: found}))
	}
	for _, f := range found {
		if f.Severity == config.SeverityWarning {
			d.o.Say("%s\n", d.setup.Redactor.Text(f.String()))
		}
	}
	return nil
}
