// Package config turns YAML into a checked document.
//
// Its files are the way of the data. Read, in document.go, takes the bytes of the
// configuration files and goes through read.go (YAML's own nodes; syntax.go finds
// the place where YAML breaks off), upgrade.go (the accepted forms become one form;
// oldnames.go knows the earlier names), read.go again (a tree of values in which
// every value knows its file, line and column), layers.go (koanf merges files, .env,
// environment and flags), expand.go (${NAME}) and decode.go (the typed Document). No
// plugin is needed up to here, because the document says where the plugins are.
//
// Document.Check then holds the document against what the plugins offer: check.go
// every use, injection and param, faults.go with what to write instead, names.go
// every template and the names in it. What only a plugin's own code knows is asked
// at the end, by a [ParamsChecker].
//
// Three ways lead elsewhere: Upgrade, in rewrite.go, prints a file in the current
// form, FromEnvironment, in fromenv.go, writes one for the settings of Open Ticket AI
// 2.0, and Schema, in schema.go, tells editors what a file may hold.
//
// Nothing stops at the first mistake. What is wrong is collected as Diagnostics
// (diagnostic.go), each with its place (position.go, and textposition.go for places
// in a template); secrets.go keeps what must not be shown,
// and excerpt.go shows the lines of diagnostics without it.
package config
