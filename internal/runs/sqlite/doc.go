// Package sqlite keeps the run store in a file of the state folder: runs.db.
//
// # Who may use it
//
// [Open] takes the lock beside the file, which is the lease of everything in it: a
// process that has it knows that no other works (lock.go). [Beside] opens the store of a
// service that runs, to read it and to leave a request. Whoever opens it is the owner of
// the folder, or root, whose files then become the owner's (folder.go).
//
// # How it is written
//
// One connection writes, in one goroutine, which puts what waits into one transaction:
// one sync of the disk for all (writer.go). A part that is refused takes nothing else
// with it; a disk that fails, everything. Reading has connections of its own, so nothing
// that reads ever waits for what writes, nor the other way round (reader.go).
//
// # What may happen to the file
//
// A full disk: what waits gets [store.ErrUnavailable], nothing is half, and it goes on by
// itself. A damaged file is moved aside, and a new one is born (open.go).
package sqlite
