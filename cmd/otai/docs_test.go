package main_test

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is a fenced piece of a Markdown file.
type block struct {
	language, text string
	line           int
}

func blocks(t *testing.T, name string) []block {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var list []block
	var open *block
	for i, line := range strings.Split(string(data), "\n") {
		language, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && open == nil:
			open = &block{language: language, line: i + 1}
		case fence:
			list = append(list, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return list
}

// TestDocumentation runs what README and docs show: configurations are validated,
// Go is built, commands are run, templates yield what the block behind them says, each page in a folder of its own from top to
// bottom.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(product.root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	readmes, err := filepath.Glob(filepath.Join(product.root, "plugins", "*", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages = append(append(pages, readmes...), filepath.Join(product.root, "README.md"))
	for _, page := range pages {
		name, err := filepath.Rel(product.root, page)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReader(t)
			for _, b := range blocks(t, page) {
				switch b.language {
				case "yaml":
					if name, ok := namedFile(b.text); ok {
						r.write(t, name, b.text)
						break
					}
					r.write(t, "config.yml", b.text)
					r.otai(t, b.line, "validate", "-c", "config.yml")
				case "go":
					r.write(t, "main.go", b.text)
				case "sh":
					for _, line := range strings.Split(strings.ReplaceAll(b.text, "\\\n", " "), "\n") {
						r.run(t, b.line, line)
					}
				case "yaml scope":
					r.write(t, "scope.yml", b.text)
				case "jinja":
					r.template = b.text
				case "json":
					r.yields(t, b)
				case "text":
					r.yields(t, b, "--text")
				case "dotenv":
					own := strings.NewReplacer("https://desk.example.org/otobo/nph-genericinterface.pl", r.url, "PASSWORD=...", "PASSWORD="+password)
					r.write(t, ".env", own.Replace(b.text))
				case "output":
					// TestAPlainUserWalksThePagesFromTheBundle compares it.
				case "console":
					r.session(t, b)
				case "":
					if strings.HasPrefix(b.text, "module ") {
						r.write(t, "go.mod", strings.Replace(b.text, "../otai/pkg/api", filepath.Join(product.root, "pkg", "api"), 1))
					}
				default:
					t.Errorf("line %d: nothing runs a block of %q", b.line, b.language)
				}
			}
		})
	}
}

// namedFile is the name of a file that isn't a configuration: its first line is a
// comment that says it.
func namedFile(text string) (name string, ok bool) {
	first, _, _ := strings.Cut(text, "\n")
	name, ok = strings.CutPrefix(first, "# ")
	return name, ok && filepath.Ext(name) == ".yml" && !strings.Contains(name, " ")
}

// reader is somebody who follows a page.
type reader struct {
	dir, url string // url is the help desk's
	env      []string
	template string // the last one seen
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{dir: t.TempDir()}
	if err := os.Symlink(filepath.Join(product.root, "examples"), filepath.Join(r.dir, "examples")); err != nil {
		t.Fatal(err)
	}
	desk := newCommand(product.otai, "helpdesk", "--demo-tickets", "--password", password)
	out, err := desk.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		desk.Process.Kill()
		desk.Wait()
	})
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	models := newModelHub(t)
	t.Cleanup(models.server.Close)
	r.url = strings.TrimSpace(url)
	r.env = environment(t, "OTOBO_URL="+r.url, "HF_ENDPOINT="+models.server.URL)
	keepsState(t, r.env)
	return r
}

// yields compares what the template before the block yields with the block.
func (r *reader) yields(t *testing.T, want block, flags ...string) {
	t.Helper()
	cmd := newCommand(product.otai, append([]string{"template", "eval", "--scope", "scope.yml"}, flags...)...)
	cmd.Dir, cmd.Env, cmd.Stdin = r.dir, r.env, strings.NewReader(r.template)
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != want.text {
		t.Errorf("line %d: %v: the template yields\n%s", want.line, err, out)
	}
}

// session runs the command behind "$" and compares all that it says with the rest.
func (r *reader) session(t *testing.T, b block) {
	t.Helper()
	command, want, _ := strings.Cut(strings.TrimPrefix(b.text, "$ otai "), "\n")
	args := words.FindAllString(command, -1)
	for i, a := range args {
		args[i] = strings.Trim(a, `"`)
	}
	cmd := newCommand(product.otai, args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	if out, _ := cmd.CombinedOutput(); string(out) != want { // that it fails may be what is shown
		t.Errorf("line %d: otai %s says\n%s", b.line, command, out)
	}
}

func (r *reader) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

var (
	words       = regexp.MustCompile(`"[^"]*"|\S+`)
	placeholder = regexp.MustCompile(`\bFILE\b`)
)

func (r *reader) run(t *testing.T, line int, command string) {
	t.Helper()
	command, _, _ = strings.Cut(command, " #")
	args := words.FindAllString(command, -1)
	for i, a := range args {
		args[i] = placeholder.ReplaceAllString(strings.ReplaceAll(strings.Trim(a, `"`), "$OTOBO_URL", r.url), "config.yml")
	}
	switch {
	case len(args) == 0:
	case args[0] == "export":
		// The address and the password are those of the test's help desk.
	case args[0] == "tar" || args[0] == "cd":
		// This reader is in the folder already; TestAPlainUserWalksThePagesFromTheBundle unpacks.
	case args[0] == "make":
		r.command(t, line, product.root, "make", append([]string{"-n"}, args[1:]...)...)
	case args[0] == "go":
		r.command(t, line, r.dir, "go", args[1:]...)
	case args[0] == "otai":
		r.otai(t, line, args[1:]...)
	default:
		t.Errorf("line %d: nothing runs %q", line, command)
	}
}

// otai runs a command to its end, or stops it if it is one that goes on.
func (r *reader) otai(t *testing.T, line int, args ...string) {
	t.Helper()
	joined := " " + strings.Join(args, " ") + " "
	goesOn := args[0] == "helpdesk" || args[0] == "run" && !strings.Contains(joined, " --once ") || strings.Contains(joined, " --keep ")
	if !goesOn {
		r.command(t, line, r.dir, product.otai, args...)
		return
	}
	for i, a := range args {
		args[i] = strings.Replace(a, "127.0.0.1:8080", "127.0.0.1:0", 1)
	}
	p := startIn(t, r.dir, r.env, args...)
	eventually(t, "it says that it runs", func() bool { return p.log.String() != "" })
	p.stop(t)
}

func (r *reader) command(t *testing.T, line int, dir, name string, args ...string) {
	t.Helper()
	cmd := newCommand(name, args...)
	cmd.Dir, cmd.Env = dir, r.env
	if name != product.otai {
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod")
	} else if args[0] == "plugin" && args[1] == "build" {
		cmd.Env = offline(t, t.TempDir())
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("line %d: %s %v: %v\n%s", line, filepath.Base(name), args, err, out)
	}
}
