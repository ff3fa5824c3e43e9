package plugindev

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// BuildOptions say what to build.
type BuildOptions struct {
	Dir     string   // the plugin's folder, with its go.mod; nothing in it is changed
	Output  string   // the file to write; "" is otai_NAME.so in the working directory, NAME after the module
	Environ []string // for the go command

	// Check looks at the finished file before it takes its place. On an error
	// nothing is written.
	Check func(file string) error
}

// Built is what was built.
type Built struct {
	File    string
	Module  string   // path of the plugin's module
	Release string   // of Go
	Pinned  []string // "module@version": the host's versions taken instead of the plugin's
}

// Build makes a plugin file that matches the host.
func Build(ctx context.Context, h Host, o BuildOptions) (Built, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return Built{}, err
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return Built{}, fmt.Errorf("%s is no folder of a Go module: %w; begin one with: otai plugin new NAME", o.Dir, err)
	}
	tmp, err := os.MkdirTemp("", "otai-build-")
	if err != nil {
		return Built{}, err
	}
	defer os.RemoveAll(tmp)
	if err := Contract(filepath.Join(tmp, "contract")); err != nil {
		return Built{}, err
	}
	b := &building{host: h, dir: dir, tmp: tmp, modFile: filepath.Join(tmp, "go.mod")}
	if err := b.chooseRelease(ctx, o.Environ); err != nil {
		return Built{}, err
	}
	if err := b.pin(ctx); err != nil {
		return Built{}, err
	}
	forged, err := b.forge(ctx)
	if err != nil {
		return Built{}, err
	}
	built := Built{Module: b.module, Release: h.Release, Pinned: b.pinned, File: o.Output}
	if built.File == "" {
		built.File = fileName(b.module)
	}
	file := filepath.Join(tmp, filepath.Base(built.File))
	args := append([]string{"build", "-buildmode=plugin", "-buildvcs=false", "-o", file}, h.Flags...)
	args = append(append(args, forged...), b.modFlags()...)
	if _, err := b.run(ctx, append(args, ".")...); err != nil {
		return Built{}, err
	}
	if o.Check != nil {
		if err := o.Check(file); err != nil {
			return built, err
		}
	}
	return built, place(file, built.File)
}

var majorSuffix = regexp.MustCompile(`/v[0-9]+$`)

// fileName is the plugin's file name after its module: example.com/otai-my-desk
// gives otai_my_desk.so.
func fileName(module string) string {
	module = majorSuffix.ReplaceAllString(module, "")
	name := strings.ReplaceAll(module[strings.LastIndex(module, "/")+1:], "-", "_")
	return "otai_" + strings.TrimPrefix(name, "otai_") + ".so"
}

// place moves the file in one step: who opens it meanwhile sees the old or the new
// one, whole.
func place(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content)
	if err == nil {
		err = temporary.Chmod(0o755)
	}
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), to)
}
