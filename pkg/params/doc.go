// Package params reads params structs, whose tags are described in package api.
//
// A params struct is described once: [Describe] walks its type and gives a
// [Spec], plain data that also survives a trip through JSON from another
// process, after which [Restore] makes it whole again. All else walks along a Spec:
//
//   - [Schema] says what a configuration may hold, and [Redact] what of it may be shown;
//   - [Render] hands every text of the configuration to a template language;
//   - [Decode] makes the struct of what came out: defaults, conversions, bounds,
//     child pipes, services, and the struct's own Validate. It finds all faults,
//     and [Faults] lists them with their places;
//   - [PlainParams] and [Plain] go the other way, from Go values to the plain ones
//     that templates see.
//
// A plain value is a map[string]any, a []any, a string, an int64, a float64, a
// bool, nil, or a mapping that keeps its order, which is told by its methods Len,
// Keys and Get. Error texts are for who writes the configuration: they name no Go
// type, except where the types of a plugin are what is wrong.
package params
