// Package helpdesk is a small help desk that lives in memory and speaks the GenericInterface of OTOBO and Znuny, for the
// demonstration and for tests.
//
// A request finds its web service (webservice.go) and operation by its path (route.go), its body becomes plain values (decode.go),
// and its sender proves who it is (auth.go). One of four operations answers: it finds tickets (search.go), shows them (get.go),
// changes them (update.go checks, articles.go too, apply.go writes step by step) or opens a new one (create.go). What they read and write is the store (store.go)
// with its catalogue of queues, states and priorities (catalog.go). The answer, or the failure in the form that the real
// servers give it, goes back as JSON or as a sentence (answer.go). People look at the same tickets on a page (page.go).
//
// The behaviour follows exchanges recorded from Znuny 6.5.15 and OTOBO 11.0 with the web service definition of Open Ticket
// AI, and where the recordings end, the sources of both: application errors have status 200, an update is not atomic, a note is visible to the customer unless told otherwise,
// one unknown queue name empties a search. Where the two servers differ, [Mode] chooses.
//
// It can be told to misbehave: [Faults] (faults.go) say which requests are befallen by what, chance picks them and spoils their
// answers (misbehave.go), connections end early (connection.go). Tests in other programs steer it at /_control (control.go).
package helpdesk
