package config

import (
	"maps"
	"slices"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Reading is what was found out on the way to a [Document], for those who check it
// further. It is a copy.
type Reading struct {
	HasErrors bool
	// StrayKeys are what stands below keys of services that mean nothing, by the
	// service's id.
	StrayKeys map[string]map[string]any
	// BadParams are the services whose params are not a mapping, by id.
	BadParams map[string]bool
	// LostService is true where a service has lost its id: perhaps it is the one that
	// a pipe names.
	LostService bool
	// Unknown are the paths of values that are not known, such as with a variable that
	// is not set.
	Unknown []params.Path
	// Suspects are warnings about texts with characters that can't be seen, by path:
	// where something else is wrong with the text, they say why. See [Explain].
	Suspects map[string]Diagnostic
	// Variables are the names of all variables, sorted.
	Variables []string
	// VariablesUnsure is true where a .env file has a mistake.
	VariablesUnsure bool
}

// Reading returns what was found out on the way to the document.
func (d *Document) Reading() Reading {
	r := Reading{
		HasErrors: d.wrong, StrayKeys: maps.Clone(d.stray), BadParams: maps.Clone(d.noParams), LostService: d.unnamed,
		Suspects: maps.Clone(d.odd), Variables: slices.Clone(d.names), VariablesUnsure: d.variablesUnsure,
	}
	for path := range d.unset {
		if p, err := params.ParsePath(path); err == nil {
			r.Unknown = append(r.Unknown, p)
		}
	}
	return r
}

// Written is how a value stands in a file.
type Written struct {
	Key Position // of its key
	At  Position
	// Text is a scalar's text as the file gives it, and Plain true where it stands
	// there without quotes.
	Text  string
	Plain bool
}

// Written returns how the value at path stands in a file, nothing for one that stands
// in none.
func (d *Document) Written(path params.Path) Written {
	n := d.tree.find(path)
	return Written{Key: n.Key, At: n.At, Text: n.Text, Plain: n.Style == 0}
}

// ValueAt returns the position of the value at path, or of the nearest value around
// it.
func (d *Document) ValueAt(path params.Path) Position { return d.tree.valueAt(path) }

// KeyAt is like ValueAt but points at the key.
func (d *Document) KeyAt(path params.Path) Position { return d.tree.keyAt(path) }

// UseAt is the position of the use of the pipe or service at path, or of what it is
// missing in.
func (d *Document) UseAt(path params.Path) Position { return d.tree.useAt(path) }

// Inside returns the position of a line and a column, both from 1, of the text at
// path, as exactly as the way in which it is written allows.
func (d *Document) Inside(path params.Path, line, column int) Position {
	n := d.tree.root.Find(path)
	if n == nil {
		return d.tree.valueAt(path)
	}
	return d.tree.inside(n, line, column)
}

// Line returns a line of a file, which counts from 1, or "" where there is none.
func (d *Document) Line(at source.Position) string {
	return d.tree.line(at)
}

// LearnSecret keeps a value out of messages from now on.
func (d *Document) LearnSecret(value string) { d.secrets.add(value) }

// Masked returns diagnostics without the secrets.
func (d *Document) Masked(diags Diagnostics) Diagnostics { return d.secrets.masked(diags) }

// Variable is [Document.Lookup] for asking whether there is one.
func (d *Document) Variable(name string) (string, bool) { return d.lookup(name) }
