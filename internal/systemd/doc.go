// Package systemd says to a service manager how the service stands, and to its journal how
// important a line is. Without them it does nothing.
//
// [Take] finds the manager in the environment and removes it there, so that no worker and no
// plugin speaks for the service; its [Manager] has a method for each thing that is said
// (sd_notify(3); manager.go). [Journal] recognizes the journal behind a file, and [Prefix] marks
// the lines for it (journal.go).
package systemd
