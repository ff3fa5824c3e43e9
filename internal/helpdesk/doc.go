// Package helpdesk is a small help desk in memory that speaks the GenericInterface of OTOBO and Znuny, for the demonstration
// and for tests.
//
// # Requests
//
// A [Server] first rejects what other web pages send (origin.go). Then a request finds its web service (webservice.go) and its operation by
// its path (route.go); package wire reads its values, package operation performs it, on the tickets of package store, and package wire writes
// the answer. All else is for people and tests: a page that shows the tickets (page.go), and the control
// interface at /_control (control.go).
//
// # Behavior
//
// It behaves as recorded from Znuny 6.5.15 and OTOBO 11.0 with the web service of Open Ticket AI, and where the
// recordings end, as the sources of both say: errors of the application have status 200, an update is not atomic, a note is visible to
// the customer by default, one unknown queue name empties a search. Where the two differ, [Mode] decides.
//
// # Faults
//
// On request it misbehaves, by the rules of package chaos: answers are spoiled (misbehave.go), and connections end early
// (connection.go).
package helpdesk
