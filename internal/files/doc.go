// Package files reads and writes the files that people name.
//
// # Reading
//
// Nothing is read without a limit, and nothing is waited for after the work has ended: [Regular] takes regular
// files only, [Named] also pipes, [Stream] what isn't a file. An error leaves out the operation and the path,
// which the message around it names ([Reason]). [IsAt] says whether a file that is open is still where it was.
//
// # Writing
//
// A file appears whole or not at all: [WriteNew] writes one that doesn't exist yet, [Replace] and [Rewrite]
// one that may. No path is followed twice, because its folder may belong to somebody who changes it
// meanwhile.
package files
