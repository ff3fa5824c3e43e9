package plugindev

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/pkg/params/pluginname"
)

// BuildOptions configure [Build].
type BuildOptions struct {
	Dir     string   // the plugin's folder, with its go.mod; nothing in it is changed
	Work    string   // an empty folder for temporary files, which nobody else can change; the caller removes it
	Output  string   // the file to write, or its folder; "" is the working directory; a file is otai_NAME.so, NAME after the module
	Environ []string // for the go command

	// Beside are the plugins beside which the new one is to stand. A file with the name of
	// Output is not one of them: its place is taken.
	Beside []Neighbor

	// Judge returns why a folder must not be built from: that of the plugin, and those that
	// its go.mod puts in the place of modules.
	Judge func(dir string) error

	// Check looks at the finished file before it takes its place. On an error
	// nothing is written.
	Check func(file string) error
}

// Built is the result of [Build].
type Built struct {
	File    string
	Module  string  // path of the plugin's module
	Release string  // of Go
	Taken   []Taken // versions of the host and of the plugins beside it, taken instead of the plugin's
}

// Build makes a plugin file that matches the host.
func Build(ctx context.Context, h Host, o BuildOptions) (Built, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return Built{}, err
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return Built{}, fmt.Errorf("there is no Go module in %s: go.mod: %w; begin one with: otai plugin new NAME", o.Dir, files.Reason(err))
	}
	judge := o.Judge
	if judge == nil {
		judge = func(string) error { return nil }
	}
	if err := judge(dir); err != nil {
		return Built{}, err
	}
	if err := Contract(filepath.Join(o.Work, "contract")); err != nil {
		return Built{}, err
	}
	b := &building{host: h, dir: dir, tmp: o.Work, judge: judge, modFile: filepath.Join(o.Work, "go.mod")}
	if err := b.chooseRelease(ctx, o.Environ); err != nil {
		return Built{}, err
	}
	file, err := b.readModule(ctx)
	if err != nil {
		return Built{}, err
	}
	target, err := outputFile(o.Output, b.module)
	if err != nil {
		return Built{}, err
	}
	b.host = h.beside(o.Beside, filepath.Base(target))
	if err := b.pin(ctx, file); err != nil {
		return Built{}, err
	}
	built := Built{Module: b.module, Release: h.Release, File: target}
	forged, err := b.forge(ctx)
	built.Taken = b.taken
	if err != nil {
		return built, b.blame(err)
	}
	result := filepath.Join(o.Work, filepath.Base(built.File))
	args := append([]string{"build", "-buildmode=plugin", "-buildvcs=false", "-o", result}, h.Flags...)
	args = append(append(args, forged...), b.modFlags()...)
	if _, err := b.run(ctx, append(args, ".")...); err != nil {
		return built, b.blame(err)
	}
	if o.Check != nil {
		if err := o.Check(result); err != nil {
			return built, err
		}
	}
	content, err := os.ReadFile(result)
	if err != nil {
		return built, err
	}
	if err := files.Replace(built.File, content, 0o755); err != nil {
		return built, fmt.Errorf("writing %s: %w", built.File, files.Reason(err))
	}
	return built, nil
}

// outputFile returns the file to write, or what is wrong with it, before anything is built.
func outputFile(output, module string) (string, error) {
	info, err := os.Stat(output)
	if output == "" || strings.HasSuffix(output, "/") || err == nil && info.IsDir() {
		name := fileName(module)
		if !isPluginFile(name) {
			return "", fmt.Errorf("no plugin can be named after the module %s; name the file: -o otai_NAME.so", module)
		}
		output = filepath.Join(output, name)
	}
	if _, err := os.Stat(filepath.Dir(output)); err != nil {
		return "", fmt.Errorf("the folder for %s: %w", output, files.Reason(err))
	}
	if _, err := files.Target(output); err != nil {
		return "", err
	}
	return output, nil
}

// isPluginFile reports whether the loader takes a file of this name for a plugin.
func isPluginFile(name string) bool {
	name, begins := strings.CutPrefix(name, "otai_")
	name, ends := strings.CutSuffix(name, ".so")
	return begins && ends && pluginname.Valid(name) && !strings.Contains(name, "-")
}

var majorSuffix = regexp.MustCompile(`/v[0-9]+$`)

// fileName returns the name of a plugin file for a module: otai_my_desk.so for
// example.com/otai-my-desk.
func fileName(module string) string {
	module = majorSuffix.ReplaceAllString(module, "")
	name := strings.ReplaceAll(module[strings.LastIndex(module, "/")+1:], "-", "_")
	return "otai_" + strings.TrimPrefix(name, "otai_") + ".so"
}
