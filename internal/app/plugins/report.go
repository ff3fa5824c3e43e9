package plugins

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// Report is what the author of a plugin needs to know of what it did to a host; its JSON form is
// stable. No secret of the configuration is in it, no argument of a function, and no text of a
// panic, which may be a customer's.
type Report struct {
	Plugin   string          `json:"plugin"`
	File     string          `json:"file"` // that has the report
	Time     time.Time       `json:"time"`
	Host     HostVersions    `json:"host"`
	Files    []ReportedFile  `json:"files"`    // that are in the plugin folders now
	Contents []Content       `json:"contents"` // that ended a worker
	Deaths   []ReportedDeath `json:"deaths"`   // that are still kept, the newest first
	Unread   []string        `json:"unread"`   // what could not be found out
}

// ReportedFile is a file of the plugin, and what it was built from.
type ReportedFile struct {
	FileStatus
	Build BuildInfo `json:"build"`
}

// Content is what is known of one content of the plugin's file.
type Content struct {
	SHA256   string    `json:"sha256"`
	Crashes  int       `json:"crashes"`
	Restarts int       `json:"restarts"`
	Worked   time.Time `json:"worked,omitzero"` // when a worker with it first began its work
	Refused  bool      `json:"refused"`
}

// ReportedDeath is one death of a worker.
type ReportedDeath struct {
	Time     time.Time `json:"time"`
	How      string    `json:"how"`
	Stage    string    `json:"stage"` // what the worker did last
	At       string    `json:"at"`
	Frozen   bool      `json:"frozen"` // it was ended because it no longer reported
	Certain  bool      `json:"certain"`
	Others   []string  `json:"others"` // plugins that it may have been instead
	SHA256   string    `json:"sha256"`
	Cause    string    `json:"cause"`
	Function string    `json:"function"`
	Trace    string    `json:"trace"` // "" where there is none
	Cut      bool      `json:"cut"`   // the trace goes on
}

// maxShared is how much of each trace a report has.
const maxShared = 64 << 10 // bytes

// MakeReport collects what is known of a plugin and writes it to a new file, "" standing for one
// in the working directory. That nothing is known is an error.
func MakeReport(ctx context.Context, s app.Settings, name, output string) (Report, error) {
	r := Report{
		Plugin: app.PluginName(name), Time: time.Now().UTC().Truncate(time.Second),
		Files: []ReportedFile{}, Contents: []Content{}, Deaths: []ReportedDeath{}, Unread: []string{},
	}
	if r.File = output; output == "" {
		r.File = r.Plugin + "-report.txt"
	}
	document, err := s.DocumentIfAny(ctx)
	if err != nil {
		return r, err
	}
	redactor := redactor.New(s.Lookup)
	for _, secret := range document.Secrets() {
		redactor.Add(secret)
	}
	lookup := redactor.Env(s.Lookup)
	for _, variable := range s.Environ {
		name, _, _ := strings.Cut(variable, "=")
		lookup(name)
	}
	dir, err := crashFolder(s)
	if err != nil {
		return r, err
	}
	r.recall(dir)
	offered, err := s.InspectPlugins(ctx, document)
	if ctx.Err() != nil {
		return r, err
	}
	if err != nil {
		r.unread("the plugins", err)
	} else {
		for _, p := range offered.Plugins {
			if p.Name == r.Plugin {
				r.Files = append(r.Files, ReportedFile{FileStatus: statusOf(p), Build: r.buildOf(p.Path)})
			}
		}
	}
	if !r.says() {
		return r, unknownPlugin(r.Plugin, len(r.Files) > 0, Crashed(s))
	}
	known := remembered(s)
	for i := range r.Files {
		r.Files[i].count(known)
	}
	r.Host = Versions(s)
	r.redact(redactor)
	err = files.WriteNew(s.Abs(r.File), []byte(redactor.Text(r.text())), 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return r, app.ExitWith(app.CodeUsage, fmt.Errorf("%s is there already and stays as it is: name another file with --output, or remove it", r.File))
	case err != nil:
		return r, app.ExitWith(app.CodeRun, fmt.Errorf("writing the report: %w", err))
	}
	return r, nil
}

// says reports whether something has happened that is worth a report.
func (r *Report) says() bool {
	return len(r.Contents) > 0 || len(r.Deaths) > 0 || slices.ContainsFunc(r.Files, func(f ReportedFile) bool { return f.Code != "" && f.Code != string(loader.CodeDisabled) })
}

func unknownPlugin(name string, there bool, others []string) error {
	text := "nothing is known of the plugin " + name + ": it ended no worker process of this state folder"
	if there {
		text += ", and is not refused"
	} else {
		text += ", and no plugin folder has a file of it"
	}
	if len(others) > 0 {
		text += "; there is something of: " + strings.Join(others, ", ")
	} else {
		text += "; another state folder is named by --state-dir, the plugin folders by -c or --plugin-dir"
	}
	return app.ExitWith(app.CodeRun, errors.New(text))
}

func (r *Report) unread(what string, err error) {
	r.Unread = append(r.Unread, fmt.Sprintf("%s: %s", what, err))
}

// recall takes what the state folder knows.
func (r *Report) recall(dir string) {
	memory, err := crashes.Recall(dir)
	if err != nil {
		r.unread("what is remembered of plugins", err)
	}
	for sum, known := range memory.Plugins {
		if known.Name == r.Plugin && (known.Crashes > 0 || known.Refused != nil) {
			r.Contents = append(r.Contents, Content{
				SHA256: sum, Crashes: known.Crashes, Restarts: known.Restarts, Worked: known.Ready, Refused: known.Refused != nil,
			})
		}
	}
	slices.SortFunc(r.Contents, func(a, b Content) int { return strings.Compare(a.SHA256, b.SHA256) })
	deaths, err := crashes.Deaths(dir)
	if err != nil {
		r.unread("the records of deaths", err)
	}
	for _, d := range deaths {
		n := slices.IndexFunc(blamed(d), func(p crashes.Plugin) bool { return p.Name == r.Plugin })
		if n >= 0 {
			r.Deaths = append(r.Deaths, r.death(d, n))
		}
	}
}

// death is one that is put down to the plugin, or to one of those blamed.
func (r *Report) death(d crashes.Death, n int) ReportedDeath {
	list := blamed(d)
	told := ReportedDeath{
		Time: d.Time.UTC().Truncate(time.Second), How: d.How, Stage: d.Stage, At: d.At, Frozen: d.Frozen, Certain: d.Plugin != nil, Others: []string{}, SHA256: list[n].SHA256,
		Cause: crashes.ShareReason(d.Cause), Function: crashes.ShareFunction(d.Frame),
	}
	for i, p := range list {
		if i != n {
			told.Others = append(told.Others, p.Name)
		}
	}
	if d.Trace == "" {
		return told
	}
	trace, err := d.Open()
	if err != nil {
		r.unread("a trace", err)
		return told
	}
	defer trace.Close()
	told.Trace, told.Cut = crashes.Share(trace, maxShared)
	return told
}

// redact takes the secrets from all that a file or a record says.
func (r *Report) redact(redactor *redactor.Redactor) {
	clean := func(texts ...*string) {
		for _, text := range texts {
			*text = redactor.Text(*text)
		}
	}
	for i := range r.Files {
		f := &r.Files[i]
		clean(&f.Error, &f.Fix, &f.Path, &f.Version, &f.API)
		f.Build.clean(clean)
	}
	for i := range r.Deaths {
		d := &r.Deaths[i]
		clean(&d.How, &d.Stage, &d.At, &d.Cause, &d.Function, &d.Trace, &d.SHA256)
		for n := range d.Others {
			clean(&d.Others[n])
		}
	}
	for i := range r.Unread {
		clean(&r.Unread[i])
	}
}
