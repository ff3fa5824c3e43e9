package config

import (
	"slices"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/upgrade"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// A configuration that worked may be used in the place of one that is wrong, but never with an older
// trust in plugins or wider bounds: what the newer one says of these holds.
var (
	trustKeys = []string{"plugins", "plugin_dirs", "trusted_keys"}
	boundKeys = []string{"allow", "max_changes"}
)

// Readable reports whether a file has keys and values that can be looked at, however wrong
// they are.
func Readable(s Source) bool {
	ignored := &Reporter{}
	doc := source.Parse(s, ignored)
	if doc == nil {
		return false
	}
	current := upgrade.Nodes(s.Name, doc.Content[0], ignored)
	return current != nil && source.Expand(s.Name, current, ignored) != nil
}

// DotEnvReadable reports whether a .env file has no mistake.
func DotEnvReadable(s Source) bool {
	_, mistake := dotEnvValues(s)
	return mistake == nil
}

// hold takes over what another tree says of trust and of bounds.
func (t *tree) hold(other *tree) {
	for _, key := range trustKeys {
		if n := other.root.Get(key); !n.IsNull() {
			t.root.Set(key, n)
		}
	}
	theirs := other.root.Get("services")
	for _, service := range t.root.Get("services").Mappings() {
		for _, key := range boundKeys {
			if n := theirs.Get(service.Key).Get(key); n != nil {
				service.Value.Set(key, n)
			}
		}
	}
	for name, lines := range other.lines {
		t.lines[name] = lines
	}
}

// Holds returns what keeps it unknown what a configuration with mistakes says of trust and of
// bounds, so that it can't hold over another one.
func (d *Document) Holds(mistakes Diagnostics, over *Document) (why Diagnostics) {
	for _, m := range mistakes {
		if m.Severity == SeverityError && concernsTrust(m) {
			why = append(why, m)
		}
	}
	why = append(why, d.misplaced(mistakes, over)...)
	services, theirs := d.tree.root.Get("services"), over.tree.root.Get("services")
	renamed := slices.ContainsFunc(theirs.Mappings(), func(p source.Pair) bool { return services.Get(p.Key) == nil })
	for _, service := range services.Mappings() {
		if !renamed || theirs.Get(service.Key) != nil {
			continue
		}
		for _, key := range boundKeys {
			if n := service.Value.Get(key); n != nil {
				why = append(why, d.about(n, "services."+service.Key+"."+key, "correct what else is wrong", "what worked before has no such service, which may have had another name"))
			}
		}
	}
	return why
}

func (d *Document) about(n *source.Node, path, hint, message string) Diagnostic {
	return Diagnostic{File: n.Key.File, Line: n.Key.Line, Column: n.Key.Column, Path: path, Severity: SeverityError, Code: "unknown-trust", Message: message, Hint: hint}
}

// misplaced finds what is named like trust or a bound at a place where it is neither, as in a block
// that is indented wrongly or below a misspelled key. What the other document has at the same place
// isn't meant so.
func (d *Document) misplaced(mistakes Diagnostics, over *Document) (why Diagnostics) {
	named := slices.Concat(trustKeys, boundKeys)
	d.tree.root.Walk(func(at *source.Trail, n *source.Node) {
		if at == nil || !slices.Contains(named, at.Key) {
			return
		}
		path := at.Path()
		if inPlace(path) || over.tree.root.Find(path) != nil {
			return
		}
		hint := "write it at the top"
		if slices.Contains(boundKeys, at.Key) {
			hint = "write it beside the use: and params: of a service"
		}
		why = append(why, d.about(n, path.String(), hint, "this says nothing here"))
	})
	if len(why) > 0 {
		return why
	}
	for _, m := range mistakes {
		unknown, err := params.ParsePath(m.Path)
		if err != nil || m.Code != "unknown-key" || slices.ContainsFunc(unknown, isParams) {
			continue
		}
		n := d.tree.root.Find(unknown)
		if n == nil {
			continue
		}
		n.Walk(func(at *source.Trail, inner *source.Node) {
			if at != nil && len(why) == 0 && vocabulary.Nearest(at.Key, named) != "" {
				why = append(why, d.about(inner, append(slices.Clone(unknown), at.Path()...).String(), "correct the key "+m.Path, "this says nothing here"))
			}
		})
	}
	return why
}

// inPlace is true of a path to what says something of trust or of bounds, and below it.
func inPlace(path params.Path) bool {
	at := func(n int) string {
		if n >= len(path) {
			return ""
		}
		key, _ := path[n].Key()
		return key
	}
	return slices.Contains(trustKeys, at(0)) || at(0) == "services" && slices.Contains(boundKeys, at(2))
}

func isParams(step params.Step) bool {
	key, ok := step.Key()
	return ok && key == "params"
}

// concernsTrust reports whether a mistake leaves open what the configuration says of trust or
// of bounds.
func concernsTrust(mistake Diagnostic) bool {
	p, err := params.ParsePath(mistake.Path)
	if err != nil || len(p) == 0 {
		return false
	}
	meant := func(n int, names []string) bool {
		if n >= len(p) {
			return false
		}
		key, ok := p[n].Key()
		return ok && (slices.Contains(names, key) || vocabulary.Nearest(key, names) != "")
	}
	switch key, _ := p[0].Key(); key {
	case "services":
		return nameless(mistake) || len(p) < 3 && mistake.Code != "missing-key" || meant(2, boundKeys)
	case "infrastructure", "orchestrator":
		return meant(1, trustKeys) || mistake.Code == "unknown-key" && meant(1, boundKeys)
	}
	return meant(0, trustKeys) || mistake.Code == "unknown-key" && meant(0, boundKeys)
}
