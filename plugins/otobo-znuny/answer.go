package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// errNothing is the cause when a server answers without a single byte.
var errNothing = errors.New("the server answered nothing")

// read makes an answer of a response, or a fault.
func (c *client) read(op operation, status int, body []byte, request message) (answer, error) {
	if int64(len(body)) > c.maxAnswer {
		return answer{}, &fault{
			kinds: []error{api.ErrInvalid, ErrTooLarge}, effect: answered,
			cause: fmt.Errorf("the answer is larger than %d MiB", c.maxAnswer>>20), advice: "raise max_response_mb",
		}
	}
	body = tidy(body)
	switch {
	case status >= 400 && status != http.StatusInternalServerError:
		return answer{}, c.statusFault(status, body)
	case len(body) == 0:
		return answer{}, &fault{kinds: []error{api.ErrTemporary, ErrUnknownWebService}, effect: answered, cause: errNothing, advice: c.adviseService()}
	case status == http.StatusInternalServerError:
		return answer{}, c.serverFault(body)
	case isPage(body):
		return answer{}, &fault{
			kinds: []error{api.ErrInvalid, ErrProtocol}, effect: answered, cause: c.pageError(status, body),
			advice: c.adviseBaseURL(),
		}
	}
	a, err := decodeAnswer(op, body)
	if err != nil {
		return answer{}, &fault{kinds: []error{api.ErrTemporary, ErrProtocol}, effect: answered, cause: err, advice: c.adviseBaseURL()}
	}
	if a.Error != nil {
		return answer{}, c.refusal(op, a.Error.ErrorCode, a.Error.ErrorMessage, request)
	}
	return a, nil
}

// decodeAnswer reads the tickets of a get only: those that an update shows are not
// looked at.
func decodeAnswer(op operation, body []byte) (answer, error) {
	var a answer
	var err error
	if op == opGet {
		var full struct {
			answer
			Ticket any
		}
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber() // a long id stays whole
		if err = d.Decode(&full); err == nil && d.More() {
			err = errors.New("more follows after its end")
		}
		a = full.answer
		a.Tickets = records(full.Ticket)
	} else {
		err = json.Unmarshal(body, &a)
	}
	if err != nil {
		return answer{}, fmt.Errorf("the answer can't be read: %w", err)
	}
	if op == opSearch && a.TicketID == nil && a.Error == nil {
		// Nothing found is {}. Anything else comes from another program, and must not be
		// taken for an empty queue for ever.
		var keys map[string]json.RawMessage
		if json.Unmarshal(body, &keys) == nil && len(keys) > 0 {
			if _, known := keys["TicketID"]; !known {
				return answer{}, errors.New("the answer holds nothing that a search answers")
			}
		}
	}
	return a, nil
}

var byteOrderMark = []byte("\ufeff")

// tidy removes white space and a byte order mark around a body. A byte that is no
// UTF-8 is taken for Latin-1, which is what servers mean whose database holds such
// text: better than a question mark in its place.
func tidy(body []byte) []byte {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark))
	if utf8.Valid(body) {
		return body
	}
	out := make([]byte, 0, len(body)+len(body)/8)
	for len(body) > 0 {
		r, n := utf8.DecodeRune(body)
		if r == utf8.RuneError && n == 1 {
			r = rune(body[0])
		}
		out = utf8.AppendRune(out, r)
		body = body[n:]
	}
	return out
}
