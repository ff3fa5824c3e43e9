package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// serverError is status 500 with a body.
func (c *Client) serverError(page []byte) error {
	if isPage(page) {
		return &RequestError{
			Kinds: []error{api.ErrTemporary, ErrServerError}, Effect: Answered, Cause: c.pageError(http.StatusInternalServerError, page),
			Advice: "see the error log of the help desk's web server; " + adviseModule,
		}
	}
	body := c.redact(string(page))
	if rejected, route := isOfTransport(body); rejected {
		f := &RequestError{Kinds: []error{api.ErrInvalid, ErrProtocol}, Message: shorten(body)}
		if route {
			f.Advice = fmt.Sprintf("check operation_urls: the web service %q has no such route", c.name)
		}
		return f
	}
	f := &RequestError{Kinds: []error{api.ErrTemporary, ErrServerError}, Effect: Answered, Message: shorten(body), Advice: "see the help desk's log (Admin, System Log)"}
	var s serverErrorBody
	if json.Unmarshal(page, &s) == nil && s.Message != "" {
		f.Message = shorten(c.redact(s.Message))
	}
	if isQueueDenied(f.Message) {
		f.Kinds = []error{api.ErrDenied, ErrServerError}
		f.Advice = fmt.Sprintf("the agent %q needs the right move_into on the target queue's group; a new title may have been written already", c.login.user)
	}
	return f
}

// statusError is any other status that says error. It comes from the web server
// or a proxy before it, but for 413.
func (c *Client) statusError(status int, body []byte) error {
	f := &RequestError{Kinds: []error{api.ErrInvalid, ErrProtocol}, Cause: c.pageError(status, body), Advice: c.adviseBaseURL()}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		f.Kinds = []error{api.ErrInvalid, ErrTooLarge}
		f.Advice = "the texts are longer than the web service takes (its MaxLength): shorten the note"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		f.Kinds = []error{api.ErrDenied, ErrProtocol}
		f.Advice = "the web server in front of the help desk refuses: check its access rules for " + c.service
	case status == http.StatusProxyAuthRequired:
		f.Kinds, f.Advice = []error{api.ErrDenied, ErrProtocol}, adviseProxyLogin
	case status == http.StatusBadRequest && strings.HasPrefix(c.service, "http:") && wantsHTTPS(body):
		f.Advice = "write https in base_url"
	case status == http.StatusGatewayTimeout, status == statusCloudflareTimeout:
		f.Kinds, f.Effect, f.Advice = []error{api.ErrTemporary, ErrUnavailable}, StillRunning, ""
	case status == http.StatusRequestTimeout, status > 500:
		// Also 503: some proxies say so when the connection broke under a request.
		f.Kinds, f.Effect, f.Advice = []error{api.ErrTemporary, ErrUnavailable}, Disconnected, ""
	}
	return f
}

// statusCloudflareTimeout is what Cloudflare says where others say 504.
const statusCloudflareTimeout = 524
