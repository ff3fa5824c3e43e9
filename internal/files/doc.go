// Package files reads and writes the files that people name: none is read without an
// end, none is waited for longer than the work lasts, and what is written takes its
// place whole or not at all.
package files
