// Package base is the built-in plugin "base": the pipes and the service that
// every configuration uses.
//
// The JinjaRenderer is the template language. The SimpleSequentialOrchestrator
// is the root of most configurations; its steps are SimpleSequentialRunners,
// each with a trigger such as IntervalTrigger and a pipe to run, mostly a
// CompositePipe. Within that, FetchTicketsPipe, ExpressionPipe,
// ClassificationPipe, UpdateTicketPipe and AddNotePipe do the work.
//
// Semantics are those of Open Ticket AI, with its faults mended: a skipped step
// is no failure, a composite says why it stopped, a runner's own params are seen
// by its children.
package base
