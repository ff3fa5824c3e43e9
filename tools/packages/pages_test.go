package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// page is one of docs, whose commands are typed as they stand there.
type page struct {
	*testing.T
	name, text string
	blocks     []string
	typed      []bool
}

func pageOf(t *testing.T, name string) *page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	p := &page{T: t, name: name, text: string(text)}
	for n, part := range strings.Split("\n"+p.text, "\n```") {
		if n%2 == 1 {
			_, body, _ := strings.Cut(part, "\n")
			p.blocks = append(p.blocks, body)
		}
	}
	p.typed = make([]bool, len(p.blocks))
	return p
}

// by is the page as another test reads it.
func (p *page) by(t *testing.T) *page {
	other := *p
	other.T = t
	return &other
}

// block is the one block that begins with a text, with what stands for the reader's own replaced.
func (p *page) block(begins string, replace ...string) string {
	p.Helper()
	for n, b := range p.blocks {
		if strings.HasPrefix(b, begins) {
			p.typed[n] = true
			for i := 0; i < len(replace); i += 2 {
				if !strings.Contains(b, replace[i]) {
					p.Errorf("%s: the block has no %q any more:\n%s", p.name, replace[i], b)
				}
				b = strings.ReplaceAll(b, replace[i], replace[i+1])
			}
			return b
		}
	}
	p.Fatalf("%s has no block any more that begins with %q", p.name, begins)
	return ""
}

// within is a command that stands in a sentence.
func (p *page) within(command string) string {
	p.Helper()
	if !strings.Contains(strings.Join(strings.Fields(p.text), " "), "`"+command+"`") {
		p.Errorf("%s doesn't say `%s` any more", p.name, command)
	}
	return command
}

// done wants each block to have been typed, but for those that begin so, which others try.
func (p *page) done(others ...string) {
	p.Helper()
blocks:
	for n, b := range p.blocks {
		for _, o := range others {
			if strings.HasPrefix(b, o) {
				continue blocks
			}
		}
		if !p.typed[n] {
			p.Errorf("%s: nobody typed this:\n%s", p.name, b)
		}
	}
}

// types does what a page says, as root in the folder to which files were brought, who agrees to what is asked.
func (m *machine) types(commands ...string) string {
	m.Helper()
	const script = "typed.sh"
	if err := os.WriteFile("/proc/"+m.leader+"/root"+brought+script, []byte(strings.Join(commands, "\n")+"\n"), 0o700); err != nil {
		m.Fatal(err)
	}
	return m.run("cd " + brought + "; yes | bash -e " + script + " 2>&1")
}
