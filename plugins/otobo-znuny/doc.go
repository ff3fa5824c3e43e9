// Command otobo-znuny is the plugin for the help desks OTOBO, Znuny and OTRS, built
// as otai_otobo_znuny.so. It uses the web service "OpenTicketAI" of their
// GenericInterface (HTTP::REST).
//
// # What it offers
//
// plugin.go offers OTOBOZnunyTicketSystemService (service.go, configured by
// params.go), which is an api.TicketSystem, and FetchTicketsPipe (fetch_pipe.go).
//
// # Reading
//
// search.go finds tickets by the criteria that search_criteria.go and conditions.go
// translate, agent_ids.go those of agents given by login; get.go reads them.
//
// # Writing
//
// update.go and create.go turn what is wanted into a change (change.go); notes.go
// makes its notes, which note_limits.go cuts to what the servers accept. A write of
// unknown outcome is never simply repeated: deliver.go looks at the ticket, and leaves
// the rest to the next call. article_ids.go and note_marks.go distinguish our note from
// an older one that reads the same; records.go keeps what the next call has to know.
//
// # For the host
//
// level11.go has what the host uses beyond the contract's interfaces: a name for the
// help desk, ids of tickets without the tickets, a fence before each write, and a
// store for the records of writes.
//
// # Diagnosis
//
// diagnose.go examines a help desk for otai doctor and otai init, without changing
// anything: names in diagnose_names.go, rights in diagnose_rights.go.
//
// # The protocol
//
// All requests go through internal/wire: HTTP, sessions, retries, the many forms of
// the same value, and errors that say what to check, such as a rejected queue
// (rejections.go). The facts about the servers were measured with Znuny 6.5.15 and
// OTOBO 11.0; internal/recorded has their answers, for tests.
package main
