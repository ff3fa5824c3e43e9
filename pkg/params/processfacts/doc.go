// Package processfacts compares what belongs to a whole process before and after foreign code
// ran in it, and puts it back: the packages of a plugin that is opened run in their init
// functions, and what they change there changes for everybody.
//
// [Look] notes about two hundred facts; [Snapshot.PutBack] says which have changed since then,
// and gives them the value that they had where that is possible. The facts of the operating
// system are in system.go and signals.go, those of Go's runtime in runtime.go, and the
// variables of the standard library and of the contract in library.go. [LookAtSignals] is for
// where code may change more, as in a start, but not what signals do, and [LookAtChildren] for
// where it may do that, too.
//
// Linux only, like all hosts of plugins.
package processfacts
