// Package check compares a configuration that was read with what the plugins offer.
//
// [Check] goes through the services and then, from the orchestrator down, through every
// pipe. For each it looks at its use (uses.go), its injections (injections.go), its own
// keys (pipes.go) and its params. These are first repaired: misplaced.go and pipekeys.go
// put each key that was certainly meant to be another one, or to stand elsewhere, where it
// belongs, so that one mistake is one report. Then they are decoded (params.go), and what
// that finds is reported with what to write instead (decoded.go, valuehint.go,
// durationhint.go). values.go looks for values that YAML reads otherwise than people.
//
// templates.go parses every template: names.go knows which names there are when it
// runs, comparisons.go what a pipe's result never is, foreign.go and foreignnames.go what
// people write who know other languages. renames.go finds the mistake that several
// places have in common.
//
// What a plugin's own code knows is asked at the end, by a [catalog.ParamsChecker].
// Where nothing is wrong, there is advice: fetches.go, polls.go, writes.go.
//
// What a pipe does is known by its labels alone, never by its name.
package check
