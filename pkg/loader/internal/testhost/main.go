// Command testhost is a small host of plugins for the loader's tests. They can't
// open plugins themselves: a test binary doesn't match plugins that were built in
// the ordinary way. It loads folders and prints what became of the files as JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// Report is what the tests read.
type Report struct {
	Plugins []Plugin          `json:"plugins"`
	Again   []Plugin          `json:"again,omitempty"` // of a second Load into another registry
	Names   []string          `json:"names"`
	Runs    map[string]string `json:"runs"` // message of each pipe that was run, by name
	Error   string            `json:"error"`

	Checked    [][]params.Diagnostic  `json:"checked,omitempty"`
	Models     [][]map[string]string  `json:"models,omitempty"`
	Labels     [][]loader.ModelLabels `json:"labels,omitempty"`
	CheckError string                 `json:"check_error,omitempty"`
	Opened     bool                   `json:"opened"` // a file of the state folder is mapped into this process
}

// Plugin is loader.Plugin with an error that JSON can carry.
type Plugin struct {
	loader.Plugin
	Err     *struct{} `json:",omitempty"` // hides the error of loader.Plugin
	Stage   loader.Stage
	Code    loader.Code
	Message string
	Fix     string
	Output  string
}

func main() {
	if loader.ServeProbe() {
		return
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	o := loader.Options{HostVersion: "0.1.0", Separator: ":", Prefix: "otai-"}
	flags := flag.NewFlagSet("testhost", flag.ContinueOnError)
	flags.StringVar(&o.StateDir, "state", "", "state folder")
	flags.StringVar(&o.APIVersion, "api", "1.0.0", "API level")
	again := flags.Bool("again", false, "load a second time, with another state folder into another registry")
	overwrite := flags.Bool("overwrite", false, "after loading, write over the plugin files in place, before any pipe is run")
	flags.BoolVar(&o.TrustGroup, "trust-group", false, "trust the members of a file's group")
	file := flags.String("file", "", "only inspect this file")
	inspect := flags.Bool("inspect", false, "only inspect")
	flags.DurationVar(&o.ProbeTimeout, "timeout", 0, "of a probe")
	flags.Func("policy", "a policy as JSON; their order counts", func(text string) error {
		var policy loader.Policy
		err := json.Unmarshal([]byte(text), &policy)
		o.Policies = append(o.Policies, policy)
		return err
	})
	var checks []loader.ParamsCheck
	flags.Func("check", "a question about params as JSON, to the first plugin", func(text string) error {
		var check loader.ParamsCheck
		exact := json.NewDecoder(strings.NewReader(text))
		exact.UseNumber()
		err := exact.Decode(&check)
		checks = append(checks, check)
		return err
	})
	var questions, asked []loader.ModelsQuestion
	flags.Func("labels", "asks for the labels of models, as JSON, to the first plugin", func(text string) error {
		var question loader.ModelsQuestion
		err := json.Unmarshal([]byte(text), &question)
		asked = append(asked, question)
		return err
	})
	flags.Func("models", "a question about models as JSON, to the first plugin", func(text string) error {
		var question loader.ModelsQuestion
		err := json.Unmarshal([]byte(text), &question)
		questions = append(questions, question)
		return err
	})
	flags.Func("key", "trusted key", func(text string) error {
		keys, err := loader.ReadKeys([]string{text}, false)
		o.TrustedKeys = append(o.TrustedKeys, keys...)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.Dirs = flags.Args()

	var report Report
	r := registry.New(o.Separator)
	load := loader.Load
	switch {
	case *inspect:
		load = loader.Inspect
	case *file != "":
		load = func(ctx context.Context, o loader.Options, r *registry.Registry) ([]loader.Plugin, error) {
			return loader.InspectFiles(ctx, o, r, *file)
		}
	}
	plugins, err := load(context.Background(), o, r)
	if err != nil {
		report.Error = err.Error()
	}
	report.Plugins = printable(plugins)
	report.Names = r.Names()
	if len(checks) > 0 && len(plugins) > 0 {
		if report.Checked, err = loader.CheckParams(context.Background(), o, plugins[0], checks); err != nil {
			report.CheckError = err.Error()
		}
	}
	if len(questions) > 0 && len(plugins) > 0 {
		if report.Models, err = loader.FindModels(context.Background(), o, plugins[0], questions); err != nil {
			report.CheckError = err.Error()
		}
	}
	if len(asked) > 0 && len(plugins) > 0 {
		if report.Labels, err = loader.Labels(context.Background(), o, plugins[0], asked); err != nil {
			report.CheckError = err.Error()
		}
	}
	if report.Opened, err = opened(o.StateDir); err != nil {
		return err
	}
	if *overwrite {
		if err := overwriteFiles(plugins); err != nil {
			return err
		}
	}
	if report.Runs, err = runPipes(r); err != nil {
		return err
	}
	if *again {
		o.StateDir = filepath.Join(o.StateDir, "again")
		plugins, err := loader.Load(context.Background(), o, registry.New(o.Separator))
		if err != nil {
			return err
		}
		report.Again = printable(plugins)
	}
	return json.NewEncoder(os.Stdout).Encode(report)
}

func opened(stateDir string) (bool, error) {
	maps, err := os.ReadFile("/proc/self/maps")
	return strings.Contains(string(maps), stateDir), err
}

func overwriteFiles(plugins []loader.Plugin) error {
	for _, p := range plugins {
		if err := os.WriteFile(p.Path, make([]byte, 64), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func printable(plugins []loader.Plugin) []Plugin {
	printed := make([]Plugin, len(plugins))
	for n, p := range plugins {
		printed[n].Plugin = p
		if p.Err != nil {
			printed[n].Stage, printed[n].Code, printed[n].Message = p.Err.Stage, p.Err.Code, p.Err.Error()
			printed[n].Fix, printed[n].Output = p.Err.Fix, p.Err.Output
		}
	}
	return printed
}

// runPipes runs every pipe that takes no params, to prove that what was
// registered works.
func runPipes(r *registry.Registry) (map[string]string, error) {
	messages := make(map[string]string)
	for _, name := range r.Names() {
		entry, _ := r.Find(name)
		if entry.Injectable.Instance == nil || entry.Injectable.Params.NumField() > 0 {
			continue
		}
		_, run, err := entry.Injectable.BuildPipe(api.NewHost(api.HostOptions{App: entry.App}))
		if err != nil {
			return nil, err
		}
		result, err := run(context.Background(), &struct{}{}, api.Scope{})
		if err != nil {
			return nil, err
		}
		messages[name] = result.Message
	}
	return messages, nil
}
