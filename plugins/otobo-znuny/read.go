package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
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

func isPage(body []byte) bool { return bytes.HasPrefix(body, []byte("<")) }

var pageTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// pageError says what a web server or a proxy answered: the status, and of a page
// its title.
func (c *client) pageError(status int, body []byte) error {
	said := ""
	if status/100 != 2 {
		said = fmt.Sprintf("status %d %s: ", status, http.StatusText(status))
	}
	switch {
	case !isPage(body) && len(body) > 0:
		return fmt.Errorf("%s%q", said, shorten(c.veil(string(body))))
	case !isPage(body):
		return errors.New(said[:max(0, len(said)-2)])
	}
	said += "the server answered with a web page"
	if title := pageTitle.FindSubmatch(body[:min(len(body), 10_000)]); title != nil {
		said += fmt.Sprintf(", %q", shorten(c.veil(html.UnescapeString(string(title[1])))))
	}
	return errors.New(said)
}
