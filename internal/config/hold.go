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
	services, theirs := d.tree.root.Get("services"), over.tree.root.Get("services")
	for _, service := range services.Mappings() {
		params, before := service.Value.Get("params"), theirs.Get(service.Key).Get("params")
		for _, key := range boundKeys {
			if n := params.Get(key); n != nil && before.Get(key) == nil {
				why = append(why, d.about(n, "services."+service.Key+".params."+key, "write it beside params:, not below", "this bounds nothing here"))
			}
		}
	}
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
		return len(p) < 3 && mistake.Code != "missing-key" || meant(2, boundKeys)
	case "infrastructure":
		return meant(1, trustKeys)
	}
	return meant(0, trustKeys)
}
