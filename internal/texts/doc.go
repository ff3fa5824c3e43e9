// Package texts finds the texts in files and streams: a file that is one text, a
// mail, the rows of a table, the lines of standard input. It reads as it goes, so
// that the size of a table does not matter.
//
// In come names of files, or a stream, and [Options]; out come [Text] values in
// their order, each with its place. What can't be read is one of them, with the
// error in it, and the others go on.
//
//	read.go     which file holds what, and the one loop over them
//	open.go     opening what may be a pipe, and giving up at the end of the context
//	decode.go   bytes to UTF-8
//	records.go  the parts of a stream between separators
//	mail.go     RFC 822 with MIME: the subject and the text of the body
//	csv.go, json.go  the columns of rows
package texts
