// Package preflight determines, without running anything of it, whether this process
// could open a file with [plugin.Open].
//
// plugin.Open checks nothing: it kills the process on a file that was cut off,
// names only the first package that differs, and keeps a file that it rejected
// mapped, where later plugins bind to it. So the answer has to be found before.
//
// # Reading
//
// [Read] reads a file into an [Image]: is it whole, is it Go, how was it built,
// which packages are linked in, each with the fingerprint that the compiler gave
// it, what does package main export, of which types, and which libraries does it
// need. [ThisProcess] does the same with the running binary and starts a
// [Process]. [Process.Check] compares the two, and also with every image that was added to the
// process by [Process.Opened] or [Process.Failed], because in a
// process the first definition of a package counts for everybody after. A rejection
// is an [*Error] with a stable code, all that differs, and what to type.
//
// # Distrust
//
// A file is read with distrust: whatever is in it, Read ends soon, in little more
// memory than the file's size. Where a new release of Go lays something out in a
// way that is not known here, the image has a note of what is not known, and
// the rest decides, at last the build information alone.
//
// The package knows nothing but Go plugins and may serve any host of them, on
// Linux with the GNU C library.
package preflight
