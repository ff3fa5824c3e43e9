package wire

import (
	"bytes"
	"regexp"
	"strings"
)

// The GenericInterface has a code for the kind of an error, and nothing but a
// sentence for the rest: which field was wrong, whether anything had been written,
// what a status 500 is about. Those sentences are constants in the servers' source.
// This file alone reads them, so that the exception to "no text of a message decides
// anything" stays in one place; recorded answers prove that each is met.

// fieldInSentence matches the field that a sentence names, as in "TicketUpdate:
// Ticket->QueueID or Ticket->Queue parameter is invalid!".
var fieldInSentence = regexp.MustCompile(`(Ticket|Article)->(\w+?)(?:ID)?\b|^\w+: (DynamicField)->`)

// namedField is the field that a sentence names: its part of the request (Ticket,
// Article or DynamicField) and its name there without ID, "" for a dynamic field.
func namedField(sentence string) (part, name string, ok bool) {
	m := fieldInSentence.FindStringSubmatch(sentence) //messagetext:allow the server has nothing but this sentence
	switch {
	case m == nil:
		return "", "", false
	case m[3] != "":
		return m[3], "", true
	default:
		return m[1], m[2], true
	}
}

// missesLogin reports whether MissingParameter means the login: what TicketUpdate
// says where the other operations have the code AuthFail.
func missesLogin(sentence string) bool {
	return strings.Contains(sentence, "SessionID is required") //messagetext:allow the server has nothing but this sentence
}

// isOfOperation reports whether the operation itself checked the parameter. It does
// so before anything is written. What Ticket::State demands, a pending time, comes
// after the queue was moved; that sentence doesn't begin with the operation's name.
func isOfOperation(op Operation, sentence string) bool {
	return strings.HasPrefix(sentence, string(op)) //messagetext:allow the server has nothing but this sentence
}

// isQueueDenied reports whether a status 500 means that the ticket may not be moved
// into the queue.
func isQueueDenied(sentence string) bool {
	return strings.Contains(sentence, "queue could not be updated") //messagetext:allow the server has nothing but this sentence
}

// unknownRoute begins the answer to a route that the web service doesn't have.
const unknownRoute = "HTTP::REST Error while determine Operation"

// transportSentences begin the plain-text answers of the transport layer, which
// come before any operation runs.
var transportSentences = []string{
	unknownRoute,
	"Error while decoding request content",
	"Could not read input data",
	"Unsupported request content structure",
}

// isOfTransport reports whether a status 500 came before any operation ran, and
// whether that was because of the route.
func isOfTransport(body string) (rejected, route bool) {
	for _, begin := range transportSentences {
		if strings.HasPrefix(body, begin) {
			return true, begin == unknownRoute
		}
	}
	return false, false
}

// wantsHTTPS reports whether a web server's status 400 is about HTTP sent to an
// HTTPS port.
func wantsHTTPS(page []byte) bool { return bytes.Contains(bytes.ToUpper(page), []byte("HTTPS")) }
