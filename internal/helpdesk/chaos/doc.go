// Package chaos decides what a help desk does wrong on request.
//
// A [Fault] is one rule: what goes wrong, how much of the request is done all the same, and which requests it hits. [Faults] are
// the rules of a help desk together, read by [ReadFaults] from a file or a request to the control interface. An [Injector] counts the requests and says
// which of them a fault hits: an [Injection]. What that does to an answer is up to the server.
package chaos
