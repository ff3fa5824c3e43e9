// Package params reads params structs, whose tags are described in package api.
//
// # The description
//
// A params struct is described once: [Describe] walks its type and returns a [Spec],
// plain data that also survives a trip through JSON from another process, after
// which [Restore] makes it whole again. All else works along a Spec.
//
// # From a configuration to the struct
//
//   - [Schema] says what a configuration may contain.
//   - [Render] hands every text of the configuration to a template language.
//   - [Decode] makes the struct of what came out: defaults, conversions, bounds,
//     child pipes, services, and the struct's own Validate.
//
// # What is wrong, and where
//
// Decode doesn't stop at the first mistake. [Diagnostics] takes its error apart: a
// [Diagnostic] has the [Path] of the value and a [Code], by which callers decide. Its
// texts are for the author of the configuration: they name no Go type, except where
// the types of a plugin are what is wrong. All of them are made in messages.go.
//
// # Values on their way
//
// [Walk] visits raw values along a Spec, to look at them or to replace some, such as
// secrets. [PlainParams] and [Plain] go the other way, from Go values to the plain
// ones that templates see. A plain value is a map[string]any, a []any, a string, an
// int64, a float64, a bool, nil, or a mapping that keeps its order, which has the
// methods Len, Keys and Get.
package params
