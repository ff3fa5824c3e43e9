// Package base is the built-in plugin "base": the pipes and the service that
// every configuration uses.
//
// # Pipes and services
//
// The JinjaRenderer is the template language. The SimpleSequentialOrchestrator
// is the root of most configurations. Its steps are SimpleSequentialRunners,
// each with a trigger such as IntervalTrigger and a pipe to run, usually a
// CompositePipe. Within that, FetchTicketsPipe, ExpressionPipe,
// ClassificationPipe, UpdateTicketPipe and AddNotePipe do the work, and a
// ForEachPipe has it done for each of many tickets at once.
//
// # Semantics
//
// They are those of Open Ticket AI, without its bugs: a skipped step isn't a
// failure, a composite says why it stopped, and the children of a runner see
// its own params.
package base
