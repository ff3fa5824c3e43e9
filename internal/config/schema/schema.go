package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/open-ticket-ai/otai/internal/config/catalog"

	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/pkg/params"
)

type object = map[string]any

// oldUse is found in the uses of earlier versions, which are accepted.
const oldUse = `^(otai[_-]|open[_-]ticket[_-]ai\.|hf_local:|otobo_znuny:)`

// Of returns the JSON Schema (2020-12) of a configuration file with all that c
// offers, made for editors: a use decides what may stand below injects and params.
// What goes beyond the form of a file, such as ids that must exist, is left to package
// check.
func Of(c catalog.Catalog) map[string]any {
	b := schemaBuilder{catalog: c, names: slices.Sorted(slices.Values(c.Names()))}
	document := b.document()
	root := object{}
	for _, key := range vocabulary.RootKeys {
		root[key] = ref("document")
	}
	// Offered by editors at the top, beside what the document itself has.
	properties := object{vocabulary.RootKeys[0]: object{"description": "The configuration; the key itself may be left out."}}
	for key := range document["properties"].(object) {
		properties[key] = true
	}
	var wrapped []any
	for _, key := range vocabulary.RootKeys {
		wrapped = append(wrapped, object{"required": []any{key}})
	}
	return object{
		"$schema":    "https://json-schema.org/draft/2020-12/schema",
		"title":      "Configuration of otai",
		"type":       "object",
		"properties": properties,
		"if":         object{"anyOf": wrapped},
		"then":       object{"properties": root, "patternProperties": object{"^x-": true}, "additionalProperties": false},
		"else":       ref("document"),
		"$defs": object{
			"document": document, "runner": b.runner(), "orchestrator": b.orchestrator(),
			"service": b.component(true), "service_parts": b.rules(true),
			"pipe": b.component(false), "pipe_parts": b.rules(false),
		},
	}
}

type schemaBuilder struct {
	catalog catalog.Catalog
	names   []string
}

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

func described(doc string, s object) object {
	s["description"] = doc
	return s
}

func textSchema(doc string) object {
	return described(doc, object{"type": []any{"string", "number", "boolean", "null"}})
}

// variableText admits such a value.
var variableText = object{"type": "string", "pattern": vocabulary.ReferencePattern}

func flagSchema(doc string) object {
	return described(doc, object{"anyOf": []any{
		variableText,
		object{"type": []any{"boolean", "null"}},
		object{"type": "string", "pattern": "^([Tt]rue|[Ff]alse|[Yy]es|[Nn]o|[Oo]n|[Oo]ff|TRUE|FALSE|YES|NO|ON|OFF|0|1)$"}, //nolint:misspell // not "alse"
	}})
}

func closed(properties object) object {
	return object{"type": []any{"object", "null"}, "properties": properties, "additionalProperties": false}
}

func listOf(doc string, items any) object {
	return described(doc, object{"type": []any{"array", "null"}, "items": items})
}

// textsSchema admits one text for a list of one.
func textsSchema(doc string) object {
	return described(doc, object{"type": []any{"array", "string", "null"}, "items": object{"type": "string"}})
}

func (b schemaBuilder) document() object {
	ignored := object{"deprecated": true, "description": "Accepted, without effect."}
	logging := object{
		"level":         described("How much is logged.", object{"type": "string", "pattern": "^(" + anyCase(append(slices.Clone(vocabulary.LogLevels), slices.Sorted(maps.Keys(vocabulary.OtherLogLevels))...)) + ")$|" + vocabulary.ReferencePattern, "default": "info", "examples": anyList(vocabulary.LogLevels)}),
		"format":        described("console is for people, json for machines; auto is console on a terminal.", object{"anyOf": []any{object{"enum": anyList(vocabulary.LogFormats)}, variableText, object{"type": []any{"object", "null"}}}, "default": "auto"}),
		"log_to_file":   flagSchema("Log to log_file_path as well."),
		"log_file_path": textSchema("File that is logged to."),
	}
	keep, keepDecisions, startTimeout := "P30D", "P400D", "PT1M"
	decisions := object{
		"keep":      params.Schema(&params.Spec{Name: "keep", Kind: params.KindDuration, Doc: "How long the records of what was decided about tickets are kept.", Default: &keepDecisions}, vocabulary.ReferencePattern),
		"keep_text": flagSchema("Keep the title of each ticket and the text that was classified in its record."),
	}
	runs := object{
		"database":  textSchema("URL of the PostgreSQL database that several otai share, as postgres://USER:PASSWORD@HOST/DATABASE; OTAI_DATABASE_URL wins. Not given: a file in the state folder."),
		"schema":    described("Schema of the database.", object{"type": []any{"string", "null"}, "pattern": vocabulary.DatabaseSchemaPattern + "|" + vocabulary.ReferencePattern, "default": "otai"}),
		"poll_only": flagSchema("The database is behind a pooler of transactions: runs of other hosts are noticed about a second later."),
		"keep":      params.Schema(&params.Spec{Name: "keep", Kind: params.KindDuration, Doc: "How long runs that ended are kept.", Default: &keep}, vocabulary.ReferencePattern),
	}
	admin := object{
		"listen":       textSchema("Address and port at which others ask by HTTP how otai is, such as 127.0.0.1:8484. Not given: nowhere."),
		"token":        textSchema("What they have to send as Authorization: Bearer, for all but /healthz and /readyz: a secret of 16 characters at least."),
		"tls":          described("Needed beyond this machine; none does without it.", object{"anyOf": []any{closed(object{"cert_file": textSchema("File with the certificate."), "key_file": textSchema("File with its key.")}), object{"enum": []any{"none"}}, variableText, object{"type": "null"}}}),
		"metrics_open": flagSchema("Answer /metrics without a token, too."),
	}
	for _, key := range vocabulary.PythonLogging {
		logging[key] = ignored
	}
	plugin := closed(object{
		"name":      described("Package, such as otai-hf-local.", object{"type": "string"}),
		"version":   textSchema("Constraint on the plugin's version, such as >=1.2 <2."),
		"required":  flagSchema("End the start when the plugin can't be loaded."),
		"enabled":   flagSchema("false: don't load it."),
		"sha256":    described("The only content that the file may have.", object{"type": []any{"string", "null"}, "pattern": vocabulary.SHA256Pattern}),
		"signature": textSchema("File with its minisign signature; not given, the plugin file with .minisig."),
		"env":       textsSchema("Names of variables that a process which tries the plugin gets, beside the usual ones. None that is named like a secret."),

		"init_side_effects": described("What becomes of the plugin if its init functions change the process: warn puts back and loads it, refuse does not load it.", object{"anyOf": []any{object{"enum": anyList(vocabulary.InitSideEffects)}, variableText, object{"type": "null"}}, "default": "warn"}),
	})
	plugin["required"] = []any{"name"}
	listed := closed(object{"id": object{"type": "string"}})
	listed["required"] = []any{"id"}
	return object{
		"type":     "object",
		"required": []any{"orchestrator"},
		"properties": object{
			"api_version": textSchema("Constraint on the level of otai's contract, such as >=1.0.0."),
			"infrastructure": closed(object{
				"logging": closed(logging), "runs": closed(runs), "decisions": closed(decisions), "admin": closed(admin), "default_template_renderer": ignored,
				"start_timeout":  params.Schema(&params.Spec{Name: "start_timeout", Kind: params.KindDuration, Doc: "How long the start of one service or pipe may take, in which models are loaded.", Default: &startTimeout}, vocabulary.ReferencePattern),
				"reload_timeout": params.Schema(&params.Spec{Name: "reload_timeout", Kind: params.KindDuration, Doc: "How long at a reload the start of one service may take, and the hand-over to the new worker process; else what runs goes on. Not given, it is a minute for the hand-over, and ten seconds more than start_timeout for a start."}, vocabulary.ReferencePattern),
			}),
			"plugins":      listOf("Order and policy of plugins. One that is not listed is loaded, too.", object{"anyOf": []any{object{"type": "string"}, plugin}}),
			"plugin_dirs":  textsSchema("Folders with plugins."),
			"trusted_keys": textsSchema("minisign keys: with any, only signed plugins are opened."),
			"services": object{
				"description": "What pipes work with, by id: started once, named by pipes below injects.",
				"if":          object{"type": "array"},
				"then":        object{"items": object{"allOf": []any{object{"type": "object", "required": []any{"id"}}, ref("service")}}},
				"else":        object{"type": []any{"object", "null"}, "additionalProperties": ref("service")},
			},
			"orchestrator": ref("orchestrator"),
		},
		"additionalProperties": false,
	}
}

// rules say for each use what its injects and params are.
func (b schemaBuilder) rules(service bool) object {
	var rules []any
	for _, name := range b.names {
		if c, ok := b.catalog.Find(name); ok && c.Service == service {
			rules = append(rules, object{
				"if":   object{"properties": object{"use": object{"const": name}}, "required": []any{"use"}},
				"then": parts(name, c.Params, service),
			})
		}
	}
	return object{"allOf": rules}
}

// component is a service or a pipe: its use decides about all else.
func (b schemaBuilder) component(service bool) object {
	var uses []any
	var docs []any
	for _, name := range b.names {
		if c, ok := b.catalog.Find(name); ok && c.Service == service {
			uses, docs = append(uses, name), append(docs, c.Doc)
		}
	}
	what := "Pipe that runs here, as PLUGIN:NAME."
	if service {
		what = "Service, as PLUGIN:NAME."
	}
	properties := object{
		"id": described("Name by which others refer to it.", object{"type": []any{"string", "null"}}),
		"use": described(what, object{"anyOf": []any{
			object{"enum": uses, "markdownEnumDescriptions": docs},
			object{"type": "string", "pattern": oldUse, "deprecated": true},
			object{"enum": anyList(slices.Sorted(maps.Keys(vocabulary.RenamedUses))), "deprecated": true},
		}}),
		"injects": described("Services that it works with, by id.", object{"type": []any{"object", "null"}, "additionalProperties": object{"type": "string"}}),
		"params":  object{"type": []any{"object", "null"}},
	}
	out := object{"type": "object", "properties": properties, "additionalProperties": false, "allOf": []any{ref("pipe_parts")}}
	if service {
		properties["allow"], properties["max_changes"] = allowSchema(), maxChangesSchema()
		out["required"], out["allOf"] = []any{"use"}, []any{ref("service_parts")}
	} else {
		properties["steps"] = object{"deprecated": true, "description": "Write it below params.", "type": "array", "items": ref("pipe")}
		properties["depends_on"] = object{"deprecated": true, "description": "Steps run in the order in which they stand."}
		// Without a use, what has steps is a row of pipes.
		out["anyOf"] = []any{
			object{"required": []any{"use"}},
			object{"required": []any{"steps"}},
			object{"properties": object{"params": object{"required": []any{"steps"}}}, "required": []any{"params"}},
		}
	}
	return out
}

// parts are the injects and params of one component.
func parts(use string, spec *params.Spec, service bool) object {
	var standIns []string
	if service {
		standIns = append(standIns, vocabulary.ReferencePattern)
	}
	own := withEarlierNames(use, params.Schema(spec, standIns...))
	properties := object{"params": own}
	var required []any
	if slices.ContainsFunc(spec.Names(), func(name string) bool { return spec.Field(name).Required }) {
		required = []any{"params"}
	} else {
		nullable(own)
	}
	needs := spec.Injections()
	inner := object{}
	var wanted []any
	for _, need := range needs {
		inner[need.Name] = described(strings.TrimSpace(need.Doc+" The id of "+params.ServiceWords(need.Interface)+" below services."), object{"type": "string"})
		if !need.Optional {
			wanted = append(wanted, need.Name)
		}
	}
	injects := object{"type": []any{"object", "null"}, "properties": inner, "additionalProperties": false}
	if wanted != nil {
		injects["type"] = "object"
		injects["required"] = wanted
		required = append(required, "injects")
	}
	properties["injects"] = injects
	out := object{"properties": properties}
	if required != nil {
		out["required"] = required
	}
	return out
}

// withEarlierNames admits the names that earlier versions gave some params.
func withEarlierNames(use string, s object) object {
	properties := s["properties"].(object)
	if criteria, ok := properties["ticket_search_criteria"].(object); ok {
		if inner, ok := criteria["properties"].(object); ok {
			inner["state"] = object{"deprecated": true, "description": "Write states: [{name: …}]."}
		}
	}
	for _, old := range slices.Sorted(maps.Keys(vocabulary.RenamedParams[use])) {
		current := vocabulary.RenamedParams[use][old]
		earlier, ok := properties[current].(object)
		if !ok {
			continue
		}
		earlier = maps.Clone(earlier)
		earlier["deprecated"], earlier["description"] = true, "Write "+current+"."
		properties[old] = earlier
		required, _ := s["required"].([]any)
		if i := slices.Index(required, any(current)); i >= 0 {
			s["required"] = slices.Delete(slices.Clone(required), i, i+1)
			s["anyOf"] = []any{object{"required": []any{current}}, object{"required": []any{old}}}
		}
	}
	return s
}

func nullable(s object) object {
	s["type"] = []any{"object", "null"}
	return s
}

func (b schemaBuilder) runner() object {
	out := closed(object{
		"id":  object{"type": []any{"string", "null"}},
		"on":  ref("pipe"),
		"run": ref("pipe"),
	})
	out["type"] = "object"
	out["required"] = []any{"run"}
	return out
}

// orchestrator is the root pipe, or its short form with runners.
func (b schemaBuilder) orchestrator() object {
	pipe := b.component(false)
	delete(pipe, "anyOf")
	properties := pipe["properties"].(object)
	properties["runners"] = listOf("Short for a base:SimpleSequentialOrchestrator: each has on: and run:.", ref("runner"))
	delete(properties, "depends_on")
	usual := object{"anyOf": []any{
		object{"not": object{"required": []any{"use"}}},
		object{"properties": object{"use": object{"const": vocabulary.DefaultOrchestrator}}},
	}}
	own := object{}
	if c, ok := b.catalog.Find(vocabulary.DefaultOrchestrator); ok {
		own = nullable(params.Schema(c.Params))
		delete(own, "required") // runners or steps may stand beside
	}
	pipe["allOf"] = []any{object{"if": usual, "then": object{"properties": object{"params": own}}, "else": ref("pipe_parts")}}
	return pipe
}

func anyList(texts []string) []any {
	out := make([]any, len(texts))
	for i, t := range texts {
		out[i] = t
	}
	return out
}

// anyCase is a pattern of words in upper and lower case, in what all dialects of
// regular expressions know.
func anyCase(words []string) string {
	var out strings.Builder
	for i, word := range words {
		if i > 0 {
			out.WriteByte('|')
		}
		for _, letter := range word {
			fmt.Fprintf(&out, "[%c%c]", unicode.ToUpper(letter), letter)
		}
	}
	return out.String()
}
