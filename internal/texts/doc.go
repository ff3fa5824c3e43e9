// Package texts finds the texts in files and streams: a file that is one text, a
// mail, the rows of a table, the lines of standard input. It reads as it goes, so
// that the size of a table doesn't matter.
//
// # In and out
//
// [Read] takes names of files, or a stream, and [Options]. It yields [Text] values in
// their order, each with its place. Of what can't be read, the Text has the error, and the
// others go on. [Rows] yields the rows of a table, [Columns] lists its columns.
//
// # From bytes to texts
//
//	read.go     which file has what, and the loop over the files
//	open.go     opening what may be a pipe, and giving up when the context ends
//	decode.go   bytes to UTF-8
//	records.go  the parts of a stream between separators
//	mail.go     RFC 822 with MIME: the subject and the text of the body
//	mailheader.go  what is wrong with the header of a mail
//	csv.go, json.go  the columns of rows
//	rows.go     whole rows
package texts
