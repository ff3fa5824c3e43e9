package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// serverFault is status 500 with a body.
func (c *client) serverFault(page []byte) error {
	if isPage(page) {
		return &fault{
			kinds: []error{api.ErrTemporary, ErrServerFault}, effect: answered, cause: c.pageError(http.StatusInternalServerError, page),
			advice: "see the error log of the help desk's web server; " + adviseModule,
		}
	}
	body := c.veil(string(page))
	if rejected, route := isOfTransport(body); rejected {
		f := &fault{kinds: []error{api.ErrInvalid, ErrProtocol}, said: shorten(body)}
		if route {
			f.advice = fmt.Sprintf("check operation_urls: the web service %q has no such route", c.name)
		}
		return f
	}
	f := &fault{kinds: []error{api.ErrTemporary, ErrServerFault}, effect: answered, said: shorten(body), advice: "see the help desk's log (Admin, System Log)"}
	var s systemFault
	if json.Unmarshal(page, &s) == nil && s.FaultString != "" {
		f.said = shorten(c.veil(s.FaultString))
	}
	if isQueueDenied(f.said) {
		f.kinds = []error{api.ErrDenied, ErrServerFault}
		f.advice = fmt.Sprintf("the agent %q needs the right move_into on the target queue's group; a new title may have been written already", c.login.user)
	}
	return f
}

// statusFault is any other status that says error. It comes from the web server
// or a proxy before it, but for 413.
func (c *client) statusFault(status int, body []byte) error {
	f := &fault{kinds: []error{api.ErrInvalid, ErrProtocol}, cause: c.pageError(status, body), advice: c.adviseBaseURL()}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		f.kinds = []error{api.ErrInvalid, ErrTooLarge}
		f.advice = "the texts are longer than the web service takes (its MaxLength): shorten the note"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		f.kinds = []error{api.ErrDenied, ErrProtocol}
		f.advice = "the web server in front of the help desk refuses: check its access rules for " + c.service
	case status == http.StatusProxyAuthRequired:
		f.kinds, f.advice = []error{api.ErrDenied, ErrProtocol}, adviseProxyLogin
	case status == http.StatusBadRequest && strings.HasPrefix(c.service, "http:") && wantsHTTPS(body):
		f.advice = "write https in base_url"
	case status == http.StatusGatewayTimeout, status == statusCloudflareTimeout:
		f.kinds, f.effect, f.advice = []error{api.ErrTemporary, ErrUnavailable}, running, ""
	case status == http.StatusRequestTimeout, status > 500:
		// Also 503: some proxies say so when the connection broke under a request.
		f.kinds, f.effect, f.advice = []error{api.ErrTemporary, ErrUnavailable}, severed, ""
	}
	return f
}

// statusCloudflareTimeout is what Cloudflare says where others say 504.
const statusCloudflareTimeout = 524
