// Package params turns the params of a configuration into the params structs of
// services and pipes, whose tags package [api] explains. A host does this for every
// plugin; an author of plugins only needs the constants Label…, and package plugintest
// for tests.
//
// # The description of a struct
//
// A params struct is described once: [Describe] reads its type and returns a [Spec].
// A Spec is plain data and can be sent to another process as JSON; [Restore] makes it
// usable there. Everything else in this package works with a Spec.
//
// # From a configuration to the struct
//
//   - [Schema] returns the JSON Schema of what a configuration may contain.
//   - [Render] passes every text in the configuration to a template language.
//   - [Decode] makes the struct from the result: defaults, conversions, bounds,
//     child pipes, services, and the struct's own Validate.
//
// # Diagnostics and paths
//
// Decode doesn't stop at the first mistake. [Diagnostics] takes its error apart: a
// [Diagnostic] has the [Path] of the value and a [Code], by which callers decide. Its
// texts are for the author of the configuration: they name no Go type, except where
// the types of a plugin are what is wrong.
//
// # Raw and plain values
//
// A raw value is what a YAML or JSON decoder returns: it may contain templates, and
// numbers written as text. [Walk] visits raw values along a Spec, for instance to find
// the secrets in them.
//
// A plain value is what templates see: a map[string]any, a []any, a string, an int64,
// a float64, a bool, nil, or a mapping that keeps its order, which has the methods Len,
// Keys and Get. [Plain] and [PlainParams] make them from Go values.
//
// # Labels
//
// A plugin describes its services and pipes further by labels, such as [LabelYields],
// so that a host can check the templates of a configuration before it runs.
package params
