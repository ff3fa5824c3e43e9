package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// errEmptyAnswer means that the server answered without a single byte.
var errEmptyAnswer = errors.New("the server answered nothing")

// read turns a response into an answer or a [RequestError].
func (c *Client) read(op Operation, status int, body []byte, request Message) (Answer, error) {
	if int64(len(body)) > c.maxAnswer {
		return Answer{}, &RequestError{
			Kinds: []error{api.ErrInvalid, ErrTooLarge}, Effect: Answered,
			Cause: fmt.Errorf("the answer is larger than %d MiB", c.maxAnswer>>20), Advice: "raise max_response_mb",
		}
	}
	body = normalize(body)
	switch {
	case status >= 400 && status != http.StatusInternalServerError:
		return Answer{}, c.statusError(status, body)
	case len(body) == 0:
		return Answer{}, &RequestError{Kinds: []error{api.ErrTemporary, ErrUnknownWebService}, Effect: Unknown, Cause: errEmptyAnswer, Advice: c.adviseService()}
	case status == http.StatusInternalServerError:
		return Answer{}, c.serverError(body)
	case isPage(body):
		return Answer{}, &RequestError{
			Kinds: []error{api.ErrInvalid, ErrProtocol}, Effect: Unknown, Cause: c.pageError(status, body),
			Advice: c.adviseBaseURL(),
		}
	}
	a, err := decodeAnswer(op, body)
	if err != nil {
		e := &RequestError{Kinds: []error{api.ErrTemporary, ErrProtocol}, Effect: Unknown, Cause: err, Advice: c.adviseBaseURL()}
		if body[0] == '{' {
			e.Effect = Answered // by an operation, as only they answer so
		}
		return Answer{}, e
	}
	if a.Error != nil {
		return Answer{}, c.rejection(op, a.Error.ErrorCode, a.Error.ErrorMessage, request)
	}
	return a, nil
}

// decodeAnswer decodes tickets only of a get: nobody needs those that an update
// returns.
func decodeAnswer(op Operation, body []byte) (Answer, error) {
	var a Answer
	var err error
	if op == TicketGet {
		var full struct {
			Answer
			Ticket any
		}
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber() // a long id stays whole
		if err = d.Decode(&full); err == nil && d.More() {
			err = errors.New("more follows after its end")
		}
		a = full.Answer
		a.Tickets = records(full.Ticket)
	} else {
		err = json.Unmarshal(body, &a)
	}
	if err != nil {
		return Answer{}, fmt.Errorf("the answer can't be read: %w", err)
	}
	if op == TicketSearch && a.TicketID == nil && a.Error == nil {
		// Nothing found is {}. Anything else comes from another program, and would
		// otherwise pass for an empty queue forever.
		var keys map[string]json.RawMessage
		if json.Unmarshal(body, &keys) == nil && len(keys) > 0 {
			if _, known := keys["TicketID"]; !known {
				return Answer{}, errors.New("the answer has nothing that a search answers")
			}
		}
	}
	return a, nil
}

var byteOrderMark = []byte("\ufeff")

// normalize removes white space and a byte order mark around a body. A byte that isn't
// UTF-8 is read as Latin-1: servers whose database has such text mean that, and it
// beats a question mark.
func normalize(body []byte) []byte {
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
