package plugindev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"unicode"
)

// building is one run of [Build].
type building struct {
	host    Host
	dir     string // the plugin's
	tmp     string
	modFile string
	judge   func(dir string) error
	env     []string

	module string
	noSum  string // of the author: modules whose sums no database has
	taken  []Taken
}

func (b *building) modFlags() []string { return []string{"-mod=mod", "-modfile=" + b.modFile} }

// chooseRelease sets the environment of the go command, which downloads the host's
// release if a different one is installed.
func (b *building) chooseRelease(ctx context.Context, environ []string) error {
	b.env = slices.Concat(environ, []string{"GOEXPERIMENT="}, b.host.Env, []string{
		"CGO_ENABLED=1", "GOFLAGS=", "GO111MODULE=on",
		// A workspace would take the versions out of the recorded paths.
		"GOWORK=off",
		// Others may be able to change what is in the usual folder.
		"TMPDIR=" + b.tmp, "GOTMPDIR=" + b.tmp,
	})
	installed, err := b.runIn(ctx, b.tmp, append(b.env, "GOTOOLCHAIN=local"), "env", "GOVERSION", "GONOSUMDB", "GOENV")
	if err != nil {
		return err
	}
	lines := strings.Split(installed, "\n")
	if err := b.leaveOutFlags(strings.TrimSpace(lines[2])); err != nil {
		return err
	}
	version, _, _ := strings.Cut(strings.TrimSpace(lines[0]), "-X:")
	toolchain := "local"
	if version, _, _ = strings.Cut(version, " "); version != b.host.Release {
		toolchain = b.host.Release
	}
	b.noSum = strings.TrimSpace(lines[1])
	b.env = append(b.env, "GOTOOLCHAIN="+toolchain)
	return nil
}

// leaveOutFlags replaces the file of `go env -w`, whose flags and experiments would
// apply if a variable is empty.
func (b *building) leaveOutFlags(goEnv string) error {
	settings, err := os.ReadFile(goEnv)
	if err != nil {
		return nil // "off", or there is none
	}
	var kept strings.Builder
	for line := range strings.Lines(string(settings)) {
		if name, _, _ := strings.Cut(line, "="); name != "GOFLAGS" && name != "GOEXPERIMENT" {
			kept.WriteString(line)
		}
	}
	file := filepath.Join(b.tmp, "env")
	b.env = append(b.env, "GOENV="+file)
	return os.WriteFile(file, []byte(kept.String()), 0o600)
}

func (b *building) run(ctx context.Context, args ...string) (string, error) {
	return b.runIn(ctx, b.dir, b.env, args...)
}

func (b *building) runIn(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, env
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	switch {
	case err == nil:
		return out.String(), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("there is no go command: install Go %s, with gcc, and put it on PATH", strings.TrimPrefix(b.host.Release, "go"))
	}
	return "", b.explain(args[0], strings.TrimSpace(errOut.String()), dir, env)
}

// MissingError says that modules are needed that are not in the module cache
// and could not be downloaded.
type MissingError struct {
	Modules []string // "module@version"
	Output  string   // of the go command
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("the module cache lacks %s, and can't be filled from here:\n%s\nwhere there is a network, run: go mod download %s",
		strings.Join(e.Modules, ", "), e.Output, strings.Join(e.Modules, " "))
}

var (
	// What the go command says about a module that it can't get.
	unavailable = regexp.MustCompile(`module lookup disabled|dial tcp|cannot find module|no such host|404 Not Found|410 Gone|connection refused|i/o timeout|file does not exist|no such file or directory|Forbidden|toolchain not available`)
	atVersion   = regexp.MustCompile(`([A-Za-z0-9.~_-]+(?:/[A-Za-z0-9.~_-]+)*@v[0-9][A-Za-z0-9.+-]*)(?: \(replaced by ([^)]+)\))?`)
	toolchain   = regexp.MustCompile(`download (go1[0-9.a-z]*)(?: for (\w+)/(\w+))?`)
	lookedUp    = regexp.MustCompile(`(?:for|providing|provides) package ([^\s:;]+)`)
	downloading = regexp.MustCompile(`(?m)^go: downloading (\S+) (v\S+)$`)
)

// explain makes an error of the output of the go command.
func (b *building) explain(verb, output, dir string, env []string) error {
	var missing []string
	add := func(module string) {
		module = strings.TrimRight(module, ".:")
		if module != "" && !slices.Contains(missing, module) {
			missing = append(missing, module)
		}
	}
	unknown := false
	for line := range strings.Lines(output) {
		if !unavailable.MatchString(line) {
			continue
		}
		if m := toolchain.FindStringSubmatch(line); m != nil {
			add(fmt.Sprintf("golang.org/toolchain@v0.0.1-%s.%s-%s", m[1], runtime.GOOS, runtime.GOARCH))
		} else if m := atVersion.FindStringSubmatch(line); m == nil {
			unknown = true
		} else if strings.Contains(m[2], "@") {
			add(m[2])
		} else {
			add(m[1])
		}
	}
	if unknown {
		// The message names the import; what was tried is in the lines before it.
		for _, m := range downloading.FindAllStringSubmatch(output, -1) {
			if !downloaded(dir, env, m[1], m[2]) {
				add(m[1] + "@" + m[2])
			}
		}
	}
	if len(missing) > 0 {
		return &MissingError{Modules: missing, Output: output}
	}
	if packages := unrequired(output); unknown && len(packages) > 0 {
		return fmt.Errorf("the plugin's go.mod requires no module with the package %s, and none can be looked up from here:\n%s\nwhere there is a network, run in the plugin's folder: go get %s",
			strings.Join(packages, ", "), output, strings.Join(packages, " "))
	}
	if strings.Contains(output, "C compiler") && strings.Contains(output, "not found") {
		return fmt.Errorf("go %s: %s\na plugin needs a C compiler: install gcc, or name another one by CC", verb, output)
	}
	return fmt.Errorf("go %s: %s", verb, output)
}

// unrequired are the packages for which the go command looked for a module.
func unrequired(output string) []string {
	var packages []string
	for _, m := range lookedUp.FindAllStringSubmatch(output, -1) {
		if !slices.Contains(packages, m[1]) {
			packages = append(packages, m[1])
		}
	}
	return packages
}

// downloaded reports whether the module cache has the sources of a module.
func downloaded(dir string, env []string, path, version string) bool {
	cmd := exec.Command("go", "env", "GOMODCACHE")
	cmd.Dir, cmd.Env = dir, env
	cache, err := cmd.Output()
	if err != nil {
		return false
	}
	zip := filepath.Join(strings.TrimSpace(string(cache)), "cache", "download", escaped(path), "@v", escaped(version)+".zip")
	_, err = os.Stat(zip)
	return err == nil
}

// escaped writes capital letters as the module cache does: !m for M.
func escaped(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
