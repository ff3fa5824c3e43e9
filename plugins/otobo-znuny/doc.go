// Command otobo-znuny is the plugin for the help desks OTOBO, Znuny and OTRS. It
// is built to otai_otobo_znuny.so and speaks to the web service "OpenTicketAI" of
// their GenericInterface (HTTP::REST).
//
// What comes in: the params of a configuration (params.go), which plugin.go
// offers as OTOBOZnunyTicketSystemService (service.go) and FetchTicketsPipe
// (fetch.go). What goes out is an api.TicketSystem.
//
// A read goes through search.go or get.go, a write through update.go, notes.go
// and create.go; both end in client.go, which sends one request over transport.go
// with the credentials of session.go. protocol.go names what travels, read.go,
// decode.go and attachments.go read the many forms in which servers send the same
// value, and faults.go turns every kind of refusal into an error that says what to
// check; veil.go takes the login out of what it quotes. agents.go knows owners by
// their logins.
//
// retry.go repeats what certainly was not done. A write whose outcome is unknown
// is never just repeated: deliver.go looks at the ticket first. memory.go and
// marker.go hold what it needs to tell our note from an older one that reads the
// same. journal.go writes an update down before its first request, and resume.go
// finishes what a process that died had begun.
//
// diagnose.go looks at a help desk by reading alone, for otai doctor.
//
// The facts about the servers were measured with Znuny 6.5.15 and OTOBO 11.0;
// recorded answers stand in testdata.
package main
