// Package preflight tells, without running anything of it, whether this process
// could open a file with [plugin.Open].
//
// plugin.Open is no checker: it kills the process on a file that was cut off,
// names only the first package that differs, and keeps a file that it refused
// mapped, where later plugins bind to it. So the answer has to be found before.
//
// [Read] reads a file into an [Image]: is it whole, is it Go, how was it built,
// which packages are linked in, each with the fingerprint that the compiler gave
// it, and what does package main export. [ThisProcess] does the same with the
// running binary and starts a [Process]. [Process.Check] compares the two, and
// also with every image that the process was told of by [Process.Opened] or
// [Process.Failed], because in a process the first definition of a package
// counts for everybody after. A refusal is an [*Error] with a stable code, all
// that differs, and what to type.
//
// The package knows nothing but Go plugins and may serve any host of them.
package preflight
