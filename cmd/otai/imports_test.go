package main_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/open-ticket-ai/otai/"

// belowApp are the rooms that internal/app puts together.
var belowApp = []string{"internal/bounds", "internal/app/logs", "internal/app/flow", "internal/app/late", "internal/app/decisioncheck", "internal/app/redactor", "internal/app/visible", "internal/files", "internal/orphans", "internal/config/...", "internal/lazyregexp", "internal/redact", "internal/untold", "internal/counted", "internal/base/...", "internal/decisions", "internal/revert", "internal/trial", "internal/runs", "internal/runs/...", "internal/health", "internal/lastgood", "internal/measures", "internal/metrics", "internal/supervise", "internal/supervise/...", "internal/systemd", "internal/jinja/...", "pkg/orchestrator", "pkg/loader", "pkg/loader/preflight", "pkg/loader/trust", "pkg/registry", "pkg/params", "pkg/params/freeze", "pkg/params/processfacts", "pkg/params/pluginname", "pkg/api"}

// belowEval are the rooms of the template language that its evaluation stands on.
var belowEval = []string{"internal/jinja/runtime", "internal/jinja/format", "internal/jinja/value", "internal/jinja/budget", "internal/jinja/position", "pkg/params", "pkg/params/freeze", "pkg/api"}

func also(rooms []string, more ...string) []string { return slices.Concat(rooms, more) }

// mayImport is who may import whom, directly or not; each line includes what the
// lines below allow; "/..." also allows the rooms inside. docs/architecture.md shows the same.
var mayImport = map[string][]string{
	"cmd/otai":                    also(belowApp, "internal/doors", "internal/app/...", "internal/plugindev", "internal/report", "internal/texts", "examples/demo", "internal/helpdesk/..."),
	"internal/app/runs":           also(belowApp, "internal/app"),
	"internal/app/diagnose":       also(belowApp, "internal/app"),
	"internal/app/begin":          also(belowApp, "internal/app", "internal/app/diagnose", "internal/app/models", "internal/texts"),
	"internal/app/models":         also(belowApp, "internal/app", "internal/texts"),
	"internal/app/try":            also(belowApp, "internal/app", "internal/texts", "internal/report"),
	"internal/app/plugins":        also(belowApp, "internal/app", "internal/plugindev"),
	"internal/app/demo":           also(belowApp, "internal/app", "examples/demo", "internal/helpdesk/..."),
	"internal/app/support":        also(belowApp, "internal/app", "internal/app/plugins", "internal/plugindev", "internal/doors"),
	"internal/app/template":       also(belowApp, "internal/app"),
	"internal/app":                belowApp,
	"internal/app/decisioncheck":  {"internal/untold", "internal/app/flow", "internal/bounds", "internal/base", "internal/base/...", "internal/decisions", "internal/files", "internal/config/...", "internal/config", "internal/redact", "internal/jinja/...", "internal/lazyregexp", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/app/redactor":       {"internal/bounds", "internal/config/...", "internal/config", "internal/redact", "internal/jinja/...", "internal/lazyregexp", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/app/late":           {"internal/bounds", "internal/counted", "internal/redact", "internal/untold", "internal/lazyregexp", "internal/decisions", "internal/revert", "internal/runs", "internal/runs/...", "internal/jinja/...", "pkg/orchestrator", "pkg/registry", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/app/flow":           {"internal/jinja/...", "internal/lazyregexp", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/app/logs":           {"internal/app/visible", "internal/systemd", "internal/files", "internal/orphans", "pkg/loader", "pkg/loader/preflight", "pkg/loader/trust", "pkg/registry", "pkg/params", "pkg/params/freeze", "pkg/params/processfacts", "pkg/params/pluginname", "pkg/api"},
	"internal/app/visible":        {},
	"examples/demo":               {},
	"internal/plugindev":          {"internal/files", "pkg/params/pluginname", "pkg/api"},
	"pkg/orchestrator":            {"pkg/registry", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"pkg/loader":                  {"internal/orphans", "pkg/loader/preflight", "pkg/loader/trust", "pkg/registry", "pkg/params", "pkg/params/freeze", "pkg/params/processfacts", "pkg/params/pluginname", "pkg/api"},
	"pkg/loader/preflight":        {},
	"pkg/loader/trust":            {},
	"pkg/registry":                {"pkg/api"},
	"internal/config":             {"internal/bounds", "internal/config/upgrade", "internal/config/source", "internal/config/vocabulary", "internal/config/secretname", "internal/lazyregexp", "pkg/params", "pkg/params/freeze", "internal/redact", "internal/jinja/...", "pkg/api"},
	"internal/config/check":       {"internal/bounds", "internal/config", "internal/config/catalog", "internal/config/upgrade", "internal/config/source", "internal/config/vocabulary", "internal/config/secretname", "internal/lazyregexp", "internal/redact", "internal/jinja/...", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/config/schema":      {"internal/config/catalog", "internal/config/vocabulary", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/config/catalog":     {"pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/config/vocabulary":  {"pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/config/fromenv":     {"internal/bounds", "internal/config", "internal/config/upgrade", "internal/config/source", "internal/config/vocabulary", "internal/config/secretname", "internal/jinja/...", "internal/lazyregexp", "internal/redact", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/config/secretname":  {"internal/lazyregexp", "internal/redact", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/config/source":      {"internal/config/secretname", "internal/lazyregexp", "internal/redact", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/config/upgrade":     {"internal/config/source", "internal/config/vocabulary", "internal/config/secretname", "internal/lazyregexp", "internal/redact", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/bounds":             {"pkg/api"},
	"internal/lastgood":           {"internal/files"},
	"internal/lazyregexp":         {},
	"internal/redact":             {},
	"internal/counted":            {},
	"internal/untold":             {"internal/redact", "pkg/params/freeze", "pkg/api"},
	"internal/base":               {"internal/base/batch", "internal/base/decision", "internal/decisions", "internal/files", "internal/jinja/...", "internal/lazyregexp", "internal/redact", "internal/untold", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/base/batch":         {"pkg/params/freeze", "pkg/api"},
	"internal/decisions":          {},
	"internal/revert":             {"internal/decisions", "pkg/api"},
	"internal/report":             {},
	"internal/trial":              {"internal/decisions", "internal/redact", "internal/untold", "internal/runs/criteria", "internal/runs/picture", "pkg/orchestrator", "pkg/registry", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/jinja":              {"internal/jinja/...", "internal/lazyregexp", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/jinja/analysis":     also(belowEval, "internal/jinja/eval", "internal/jinja/syntax"),
	"internal/jinja/eval":         also(belowEval, "internal/jinja/syntax"),
	"internal/jinja/syntax":       belowEval,
	"internal/jinja/builtins":     also(belowEval, "internal/jinja/filters", "internal/jinja/methods", "internal/lazyregexp"),
	"internal/jinja/filters":      also(belowEval, "internal/lazyregexp"),
	"internal/jinja/methods":      belowEval,
	"internal/jinja/runtime":      {"internal/jinja/format", "internal/jinja/value", "internal/jinja/budget", "internal/jinja/position", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/jinja/format":       {"internal/jinja/value", "internal/jinja/budget", "internal/jinja/position", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/jinja/value":        {"internal/jinja/budget", "internal/jinja/position", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/jinja/budget":       {},
	"internal/jinja/position":     {"pkg/api"},
	"internal/helpdesk":           {"internal/helpdesk/chaos", "internal/helpdesk/operation", "internal/helpdesk/search", "internal/helpdesk/store", "internal/helpdesk/wire"},
	"internal/helpdesk/chaos":     {"internal/helpdesk/operation", "internal/helpdesk/search", "internal/helpdesk/store", "internal/helpdesk/wire"},
	"internal/helpdesk/operation": {"internal/helpdesk/search", "internal/helpdesk/store", "internal/helpdesk/wire"},
	"internal/helpdesk/search":    {"internal/helpdesk/store", "internal/helpdesk/wire"},
	"internal/helpdesk/store":     {"internal/helpdesk/wire"},
	"internal/helpdesk/wire":      {},
	"internal/runs/codec":         {"internal/jinja/value", "internal/jinja/budget", "internal/jinja/position", "pkg/params", "pkg/params/freeze", "pkg/api"},
	"internal/runs/postgres":      {"internal/runs/sqlstore", "internal/runs/store"},
	"internal/runs/sqlite":        {"internal/files", "internal/runs/sqlstore", "internal/runs/store"},
	"internal/runs/sqlstore":      {"internal/runs/store"},
	"internal/runs/storetest":     {"internal/runs/store"},
	"internal/runs/sight":         {"pkg/api"},
	"internal/runs/store":         {},
	"internal/supervise":          {"internal/supervise/crashes", "internal/orphans", "internal/systemd", "internal/lazyregexp"},
	"internal/supervise/crashes":  {"internal/lazyregexp"},
	"internal/systemd":            {},
	"internal/texts":              {"internal/files"},
	"internal/files":              {},
	"internal/orphans":            {},
	"internal/keptbuild":          {},
}

// direct are further limits on direct imports.
var direct = map[string][]string{
	"cmd/otai": {"internal/app", "internal/app/visible", "internal/app/begin", "internal/app/try", "internal/app/diagnose", "internal/app/models", "internal/app/plugins", "internal/app/demo", "internal/app/template", "internal/app/runs", "internal/app/support", "internal/counted", "internal/decisions", "internal/doors", "internal/health", "internal/supervise", "internal/systemd", "pkg/api"},
}

// standardOnly may use nothing but the standard library and what mayImport says.
var standardOnly = []string{"internal/app/visible", "internal/app/flow", "internal/files", "internal/lazyregexp", "internal/redact", "internal/helpdesk", "pkg/loader/preflight", "pkg/loader/trust", "internal/jinja", "pkg/registry", "internal/base", "internal/base/batch"}

func list(t *testing.T, dir, format string, args ...string) []string {
	t.Helper()
	cmd := newCommand("go", append([]string{"list", "-f", format}, args...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderrOf(err))
	}
	return strings.Fields(string(out))
}

// allows reports whether a room is in the list, or inside a room of which the list allows all.
func allows(list []string, room string) bool {
	return slices.ContainsFunc(list, func(allowed string) bool {
		outer, all := strings.CutSuffix(allowed, "/...")
		return room == outer || all && strings.HasPrefix(room, outer+"/")
	})
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	for name, allowed := range mayImport {
		for _, dep := range list(t, product.root, `{{join .Deps "\n"}}`, "./"+name) {
			ours, isOurs := strings.CutPrefix(dep, module)
			switch {
			case isOurs && !allows(allowed, ours) && ours != name:
				t.Errorf("%s imports %s", name, ours)
			case !isOurs && slices.Contains(standardOnly, name) && strings.Contains(strings.Split(dep, "/")[0], "."):
				t.Errorf("%s imports %s, and may use the standard library only", name, dep)
			}
		}
	}
	for name, allowed := range direct {
		for _, dep := range list(t, product.root, `{{join .Imports "\n"}}`, "./"+name) {
			if ours, isOurs := strings.CutPrefix(dep, module); isOurs && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s directly", name, ours)
			}
		}
	}
}

func TestContractAndParamsUseTheStandardLibraryOnly(t *testing.T) {
	for name, allowed := range map[string][]string{"pkg/api": nil, "pkg/params": {"pkg/api", "pkg/params", "pkg/params/freeze", "pkg/params/pluginname", "pkg/params/processfacts"}} {
		for _, dep := range list(t, filepath.Join(product.root, name), `{{join .Deps "\n"}}`, "./...") {
			ours, isOurs := strings.CutPrefix(dep, module)
			if isOurs && !slices.Contains(allowed, ours) || !isOurs && strings.Contains(strings.Split(dep, "/")[0], ".") {
				t.Errorf("%s imports %s", name, dep)
			}
		}
	}
}

func TestPluginsImportTheContractAndNeverTheHost(t *testing.T) {
	for _, name := range []string{"plugins/otobo-znuny", "plugins/hf-local"} {
		for _, dep := range list(t, filepath.Join(product.root, name), `{{join .Deps "\n"}}`, ".") {
			ours, isOurs := strings.CutPrefix(dep, module)
			if isOurs && ours != "pkg/api" && !strings.HasPrefix(ours, name) {
				t.Errorf("%s imports %s", name, ours)
			}
		}
	}
}

// pluginRooms are the rooms of the bundled plugins, modules of their own, as mayImport.
var pluginRooms = map[string][]string{
	"plugins/otobo-znuny":                   {"plugins/otobo-znuny/internal/wire", "pkg/api"}, // internal/recorded is for tests
	"plugins/otobo-znuny/internal/wire":     {"pkg/api"},
	"plugins/otobo-znuny/internal/recorded": {},
}

func TestImportsWithinPluginsGoOneWay(t *testing.T) {
	for name, allowed := range pluginRooms {
		for _, dep := range list(t, filepath.Join(product.root, name), `{{join .Deps "\n"}}`, ".") {
			if ours, isOurs := strings.CutPrefix(dep, module); isOurs && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s", name, ours)
			}
		}
	}
}
