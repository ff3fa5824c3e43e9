package main

import "regexp"

var fieldInMessage = regexp.MustCompile(`(Ticket|Article)->(\w+?)(?:ID)?\b|^\w+: (DynamicField)->`)

// refusedSentences begin the plain-text answers of the transport layer, which
// come before any operation runs.
var refusedSentences = []string{
	"HTTP::REST Error while determine Operation",
	"Error while decoding request content",
	"Could not read input data",
	"Unsupported request content structure",
}
