// Package api is the contract between otai and its plugins.
//
// A plugin is a Go package main, built with -trimpath -buildmode=plugin into a
// file otai_NAME.so, that exports one function:
//
//	func CreatePlugin(cfg api.AppConfig) api.Plugin
//
// The function only describes: it does no I/O and starts no goroutine. It
// returns a [Plugin] with [Metadata] and a list of [Injectable] values, the
// services and pipes that a configuration can use as
// "<plugin-prefix>:<InjectableName>".
//
// A service is built once for each id in the configuration, started and closed
// with the application, and used by many goroutines at once. A pipe is built
// once for each place in the configuration and receives its params anew at each
// run, rendered just before, together with the [Scope] of that run.
//
// # Params
//
// One struct is the single source of everything that a configuration may give:
// values, defaults, documentation, injected services and child pipes. Each
// exported field has one of two tags; a field without either is an error.
//
//	Timeout time.Duration    `otai:"timeout" default:"30s" doc:"Give up after this."`
//	Token   string           `otai:"token,required,secret"`
//	Mode    string           `otai:"mode" default:"ro" enum:"ro,rw"`
//	Limit   int              `otai:"limit" default:"10" min:"1" max:"500"`
//	Extra   map[string]any   `otai:",rest"`
//	Tickets api.TicketSystem `inject:"ticket_system" doc:"Where the tickets are."`
//	Spare   api.Classifier   `inject:"spare,optional"`
//	Steps   []api.ChildPipe  `otai:"steps"`
//
// Types are string, bool, the int kinds, float64, [time.Duration], [time.Time],
// any, structs, pointers (nil: not given), []T and map[string]T. The field
// marked rest receives the keys that no other field declares; without it such
// keys are errors. A string field receives the text that a template yields,
// every other field its value. A default of another type than string is JSON or
// the text that a user would write.
//
// # Compatibility
//
// The module stays at v1.0.0, byte for byte, because a plugin file loads only
// into a host that was built with the very same package. What grows is the
// level that the host announces in AppConfig.APIVersion, and against which it
// checks Metadata.API. New abilities are optional interfaces of standard types,
// which a host finds by assertion.
package api
