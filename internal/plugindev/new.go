package plugindev

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/pkg/params/pluginname"
)

//go:embed template
var templates embed.FS

// Project is what [New] wrote.
type Project struct {
	Dir     string
	Name    string // "otai-my-desk"
	Package string // "otai_my_desk", the file's name without .so
	Prefix  string // "my-desk", that of its services and pipes
	Go      string // the go line
}

// NameError says that a plugin can't have this name.
type NameError struct{ Name string }

func (e *NameError) Error() string {
	if strings.EqualFold(e.Name, builtIn) || strings.EqualFold(e.Name, "otai-"+builtIn) {
		return fmt.Sprintf("a plugin can't be named %q: what begins with %s: is built into otai; take another name", e.Name, builtIn)
	}
	return fmt.Sprintf("a plugin can't be named %q: a name has letters and digits, joined by single hyphens, as in my-desk", e.Name)
}

// NotEmptyError says that a project would mix with files that are there already.
type NotEmptyError struct{ Dir string }

func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("%s exists and is not empty; name another folder: otai plugin new NAME DIR", e.Dir)
}

// builtIn is the prefix of the host's own plugin.
const builtIn = "base"

// New writes a plugin project that builds, tests and loads as it is, without a network.
// If dir is "", it is a folder with the plugin's name in the working directory. After an
// error, nothing remains of a folder that New made.
func New(name, dir string) (Project, error) {
	prefix := strings.TrimPrefix(name, "otai-")
	if !pluginname.Valid(prefix) || strings.Contains(prefix, "_") || strings.EqualFold(prefix, builtIn) {
		return Project{}, &NameError{Name: name}
	}
	p := Project{Dir: dir, Name: "otai-" + prefix, Prefix: prefix}
	p.Package = strings.ReplaceAll(p.Name, "-", "_")
	if p.Dir == "" {
		p.Dir = p.Name
	}
	entries, err := os.ReadDir(p.Dir)
	existed := err == nil
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return Project{}, fmt.Errorf("the folder %s: %w", p.Dir, files.Reason(err))
	case len(entries) > 0:
		return Project{}, &NotEmptyError{Dir: p.Dir}
	}
	if err := p.write(); err != nil {
		if !existed {
			_ = os.RemoveAll(p.Dir)
		}
		return Project{}, fmt.Errorf("writing the project: %w", err)
	}
	return p, nil
}

func (p *Project) write() error {
	vendored := filepath.Join(p.Dir, "third_party")
	if err := Contract(vendored); err != nil {
		return err
	}
	line, err := goLine(filepath.Join(vendored, contractFolders[APIModule], "go.mod"))
	if err != nil {
		return err
	}
	p.Go = line
	const root = "template"
	entries, err := templates.ReadDir(root)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		parsed, err := template.ParseFS(templates, root+"/"+entry.Name())
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := parsed.Execute(&text, p); err != nil {
			return err
		}
		name := strings.TrimSuffix(entry.Name(), ".tmpl")
		if name == "gitignore" {
			name = ".gitignore"
		}
		if err := os.WriteFile(filepath.Join(p.Dir, name), text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

var goDirective = regexp.MustCompile(`(?m)^go (\S+)$`)

// goLine returns the lowest go line that a module which requires the contract can have.
func goLine(modFile string) (string, error) {
	content, err := os.ReadFile(modFile)
	if err != nil {
		return "", err
	}
	found := goDirective.FindSubmatch(content)
	if found == nil {
		return "", fmt.Errorf("%s has no go line", modFile)
	}
	return string(found[1]), nil
}
