// Package demo has what `otai demo` works with, embedded in the program:
//
//   - config.yml, the configuration that it runs, in the form of Open Ticket AI;
//   - tickets.json, the thirty tickets that it puts into the help desk, each
//     with the queue and the priority that a human reader would give it;
//   - models/queue and models/priority, two small classifiers.
//
// The tickets were fixed before the models' training was written, and none of
// them is in the training data; models/README.md says how the models were
// made and how often they are right.
package demo

import "embed"

// Files has config.yml, tickets.json and models, by these names.
//
//go:embed config.yml tickets.json models
var Files embed.FS
