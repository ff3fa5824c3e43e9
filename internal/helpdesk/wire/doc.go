// Package wire is the language of the help desk's web services: what comes in and what goes out.
//
// # Requests
//
// [ReadRequest] turns a request into [Values]: its body ([DecodeBody]), its query, the fields in its path, and on Znuny some of its headers.
// Values count as Perl counts them, so "0" and false are as good as nothing.
//
// # Answers
//
// An operation that works answers with an [Object]. One that doesn't ends in a [*ServerError], in one of the three forms that the real
// servers know: [Reject] for an error of the application (status 200), [TransportError] and [KernelError] (status 500). [Answer] makes bytes of it,
// and [Write] sends them with the headers of the chosen [Mode].
package wire
