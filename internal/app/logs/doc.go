// Package logs makes the logger of a process, and nothing else decides how a log line
// looks or where it goes.
//
// [New] picks the form: for people on a terminal, JSON otherwise (logger.go). Each line
// passes the redactor that the caller gives. The groups of a plugin stay where slog has
// them (groups.go). A log file is opened so that neither a link nor another user leads
// root elsewhere (file.go), where needed with that user's rights (filerights.go).
package logs
