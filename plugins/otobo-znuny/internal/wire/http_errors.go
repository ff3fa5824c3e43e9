package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// serverError describes an answer with status 500 and a body.
func (c *Client) serverError(page []byte) error {
	if isPage(page) {
		return &RequestError{
			Kinds: []error{api.ErrTemporary, ErrServerError}, Effect: Answered, Cause: c.pageError(http.StatusInternalServerError, page),
			Advice: "see the error log of the help desk's web server; " + adviseModule,
		}
	}
	body := c.redact(string(page))
	if rejected, route := isOfTransport(body); rejected {
		e := &RequestError{Kinds: []error{api.ErrInvalid, ErrProtocol}, Message: shorten(body)}
		if route {
			e.Advice = fmt.Sprintf("check operation_urls: the web service %q has no such route", c.name)
		}
		return e
	}
	e := &RequestError{Kinds: []error{api.ErrTemporary, ErrServerError}, Effect: Answered, Message: shorten(body), Advice: "see the help desk's log (Admin, System Log)"}
	var s serverErrorBody
	if json.Unmarshal(page, &s) == nil && s.Message != "" {
		e.Message = shorten(c.redact(s.Message))
	}
	if isQueueDenied(e.Message) {
		e.Kinds = []error{api.ErrDenied, ErrServerError}
		e.Advice = fmt.Sprintf("the agent %q needs the right move_into on the target queue's group; a new title may have been written already", c.login.user)
	}
	return e
}

// statusError describes an answer with another status of 400 and above. Except for
// 413 it comes from the web server or a proxy in front of it.
func (c *Client) statusError(status int, body []byte) error {
	e := &RequestError{Kinds: []error{api.ErrInvalid, ErrProtocol}, Cause: c.pageError(status, body), Advice: c.adviseBaseURL()}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		e.Kinds = []error{api.ErrInvalid, ErrTooLarge}
		e.Advice = "the texts are longer than the web service takes (its MaxLength): shorten the note"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		e.Kinds = []error{api.ErrDenied, ErrProtocol}
		e.Advice = "the web server in front of the help desk refuses: check its access rules for " + c.service
	case status == http.StatusProxyAuthRequired:
		e.Kinds, e.Advice = []error{api.ErrDenied, ErrProtocol}, adviseProxyLogin
	case status == http.StatusBadRequest && strings.HasPrefix(c.service, "http:") && wantsHTTPS(body):
		e.Advice = "write https in base_url"
	case status == http.StatusGatewayTimeout, status == statusCloudflareTimeout:
		e.Kinds, e.Effect, e.Advice = []error{api.ErrTemporary, ErrUnavailable}, StillRunning, ""
	case status == http.StatusRequestTimeout, status > 500:
		// 503 as well: some proxies answer with it when the connection broke during a
		// request.
		e.Kinds, e.Effect, e.Advice = []error{api.ErrTemporary, ErrUnavailable}, Disconnected, ""
	}
	return e
}

// statusCloudflareTimeout is Cloudflare's status for what others call 504.
const statusCloudflareTimeout = 524
