// Package wire speaks the protocol of the web service "OpenTicketAI": HTTP::REST of
// the GenericInterface, as Znuny, OTOBO and OTRS have it.
//
// # A request
//
// A [Client] is made of a [Config]. [Client.Read] and [Client.Write] send a
// [Message] to one [Operation] (protocol.go) and repeat it as far as that is safe
// (retry.go); [Client.Call] sends it once. Credentials are a password or a session
// (session.go); slots.go bounds how many requests are out, transport.go has the
// connections, exchange.go the one HTTP request.
//
// # An answer
//
// answer.go makes an [Answer] of the response. Servers send the same value in many
// forms: values.go reads single values, records.go tickets and articles as they
// came, tickets.go turns them into the contract's.
//
// # An error
//
// Whatever goes wrong is a [RequestError]: what it is, by errors.Is, which [Effect]
// it can have had, and what to check. rejections.go handles what an operation
// answers, such as an unknown queue; http_errors.go other statuses;
// connection_errors.go requests without a whole answer. What only a sentence of the
// server says is read in server_texts.go and nowhere else. redactor.go takes the
// login out of all that is quoted.
package wire
