package crashes

import "time"

// Plugin is a plugin file that a worker opens, or has opened.
type Plugin struct {
	Name    string `json:"name"`              // "otai-words"
	Path    string `json:"path"`              // of the file
	SHA256  string `json:"sha256"`            // of its content, in hexadecimal
	Package string `json:"package,omitempty"` // import path of its package main, as traces have it
	Module  string `json:"module,omitempty"`  // path of its module
	Needed  bool   `json:"needed,omitempty"`  // the configuration requires or uses it
}

// Death is the end of a worker that didn't say its exit code.
type Death struct {
	Time   time.Time `json:"time"`
	Pid    int       `json:"pid"`
	How    string    `json:"how"`              // "exit status 5", "signal: segmentation fault"
	Frozen bool      `json:"frozen,omitempty"` // it no longer reported, and was ended for that
	Killed bool      `json:"killed,omitempty"` // from outside, by SIGKILL: of which no plugin is guilty
	Stage  string    `json:"stage"`            // what it did: "opening", …, "ready"
	At     string    `json:"at,omitempty"`     // with what: a file, a place in the configuration
	Ready  bool      `json:"ready,omitempty"`  // its work had begun, though perhaps not everywhere

	Plugin *Plugin `json:"plugin,omitempty"` // whom it is put down to; nil: that isn't known
	// Refused says that the worker after this one is to go without the plugin, which nothing else
	// remembers.
	Refused bool `json:"refused,omitempty"`
	// Suspects are those that it may be put down to where there is more than one.
	Suspects []Plugin `json:"suspects,omitempty"`
	// InTurn says that while a plugin was started, or otherwise dealt with before the work, other code of
	// plugins ran beside it. The worker after this one is to start one service after another, and to
	// begin its work only then, so that it is known whose code ends it.
	InTurn bool `json:"in_turn,omitempty"`

	Trace string `json:"trace,omitempty"` // path of the trace; "" if there is none
	Cause string `json:"cause,omitempty"` // the line of the trace that says why; may hold secrets
	Frame string `json:"frame,omitempty"` // the plugin's function that comes first in it
}
