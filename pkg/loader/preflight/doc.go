// Package preflight determines whether this process could open a file with [plugin.Open],
// without running any of the file's code.
//
// plugin.Open checks almost nothing: on a file that was cut off, it kills the process; it
// names only the first package that differs; and a file that it rejected stays mapped,
// where later plugins bind to it. So a host has to know before.
//
// The package knows only Go's own plugins, nothing of otai, so any host can use it, on
// Linux with the GNU C library.
//
// # Reading a file
//
// [Read] reads a file into an [Image]: whether it is complete and made by Go, how it was
// built, which packages are linked into it, each with the compiler's fingerprint, what
// package main exports, of which types, and which libraries it needs.
//
// # Checking it
//
// A [Process] is what a plugin must agree with. [ThisProcess] makes one from the running
// binary. [Process.Check] compares an image with it, and with the plugins that were opened
// before, because the first definition of a package that a process loads counts for all
// later plugins. So the host reports each call of plugin.Open with [Process.Opened] or
// [Process.Failed]. A rejection is an [*Error] with a stable code, everything that
// differs, and the command that fixes it.
//
// # Hostile and unknown files
//
// Whatever is in a file, Read returns soon and uses little more memory than the file's
// size. If a new release of Go writes something in a way that this package doesn't know,
// the image has a note about it, and the check uses the rest: in the worst case, only the
// build information.
package preflight
