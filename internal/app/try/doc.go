// Package try runs a configuration over many real tickets without effect, and adds up what it
// would do: `otai try`.
//
//	try.go      the trial, from the flags to its result
//	source.go   which tickets: the latest, some ids, a file
//	queues.go   the queues that the runners search, as far as the configuration says so
//	given.go    tickets from a file
//	totals.go   what is added up
//	output.go   the report: HTML, CSV, JSON Lines
package try
