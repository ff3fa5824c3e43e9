package wire

import (
	"net/http"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

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
		e.Kinds, e.Effect, e.Advice = []error{api.ErrTemporary, ErrUnavailable}, Unknown, ""
	case status == http.StatusRequestTimeout, status > 500:
		// 503 as well: some proxies answer with it when the connection broke during a
		// request.
		e.Kinds, e.Effect, e.Advice = []error{api.ErrTemporary, ErrUnavailable}, Unknown, ""
	}
	return e
}

// statusCloudflareTimeout is Cloudflare's status for what others call 504.
const statusCloudflareTimeout = 524
