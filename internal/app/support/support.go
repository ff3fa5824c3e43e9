package support

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/files"
)

// Options are what a person chooses.
type Options struct {
	File    string // the new file; "": one named by the time, in the working directory
	Crashes bool   // the traces of workers that died, too
}

// Dump is what was packed; its JSON form is stable.
type Dump struct {
	File    string    `json:"file"`
	Time    time.Time `json:"time"`
	Entries []Entry   `json:"entries"`
	LeftOut []string  `json:"left_out"`
	Unread  []string  `json:"unread"` // what could not be found out
}

// Entry is a file in the archive.
type Entry struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Size  int    `json:"size"`

	content []byte
}

// collecting is a dump as it grows.
type collecting struct {
	Dump

	settings app.Settings
	setup    *app.Setup // as far as the configuration could be read; its error says the rest
	invalid  error
	state    string                   // the state folder
	unknown  map[source.Position]bool // keys that nobody knows
}

// Make collects all that can be had and writes it to a new file, for its owner alone.
func Make(ctx context.Context, s app.Settings, o Options) (Dump, error) {
	now := time.Now().UTC().Truncate(time.Second)
	c := &collecting{settings: s, Dump: Dump{Time: now, File: o.File, Entries: []Entry{}, Unread: []string{}}}
	if c.File == "" {
		c.File = "otai-support-" + now.Format("20060102T150405Z") + ".tar.gz"
	}
	var err error
	if c.state, err = s.StateFolder(); err != nil {
		return c.Dump, err
	}
	c.setup, c.invalid = app.Prepare(ctx, s, app.PrepareOptions{CheckOnly: true, Silent: true, Inspect: true})
	if c.invalid == nil {
		defer c.setup.Close()
	}
	if ctx.Err() != nil {
		return c.Dump, app.ExitWith(app.CodeRun, ctx.Err())
	}
	c.knowSecrets()
	for _, part := range []func(context.Context){c.versions, c.configuration, c.service, c.plugins, c.store, c.folder, c.log} {
		part(ctx)
	}
	c.deaths(o.Crashes)
	c.leaveOut(o)
	packed, err := c.pack()
	if err != nil {
		return c.Dump, app.ExitWith(app.CodeRun, err)
	}
	err = files.WriteNew(s.Abs(c.File), packed, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		err = app.ExitWith(app.CodeUsage, fmt.Errorf("%s is there already and stays as it is: name another file with --output, or remove it", c.File))
	case err != nil:
		err = app.ExitWith(app.CodeRun, fmt.Errorf("writing the archive: %w; name another file with --output", err))
	}
	return c.Dump, err
}

// knowSecrets adds to the secrets of the configuration those that the environment has by their
// names.
func (c *collecting) knowSecrets() {
	lookup := c.setup.Redactor.Env(c.settings.Lookup)
	for _, variable := range c.settings.Environ {
		name, _, _ := strings.Cut(variable, "=")
		lookup(name)
	}
	if d := c.setup.Document; d != nil {
		for name := range d.Variables() {
			if secretname.Is(name) {
				d.Lookup(name)
			}
		}
		for _, secret := range d.Secrets() {
			c.setup.Redactor.Add(secret)
		}
	}
}

// add keeps a file for the archive.
func (c *collecting) add(name, about string, content []byte) {
	c.Entries = append(c.Entries, Entry{Name: c.clean(name), About: c.clean(about), content: content})
}

// unread notes what could not be found out.
func (c *collecting) unread(what string, err error) {
	c.Unread = append(c.Unread, c.clean(fmt.Sprintf("%s: %s", what, err)))
}

func (c *collecting) clean(text string) string { return c.setup.Redactor.Text(text) }

// leaveOut says what readers would look for in vain.
func (c *collecting) leaveOut(o Options) {
	c.LeftOut = []string{
		"passwords, tokens and other secrets, and values of variables of the environment",
		"comments of the configuration, and files that it names, such as .env and map_file",
		"tickets, their texts, and what the run store keeps of them",
		"the journal of a service manager: journalctl -u otai --since -1d",
	}
	if !o.Crashes {
		c.LeftOut = append(c.LeftOut, "traces of worker processes that died: --crashes adds their functions and lines")
	} else {
		c.LeftOut = append(c.LeftOut, "arguments of functions and texts of panics in traces: they may be a customer's")
	}
}
