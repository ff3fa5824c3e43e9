package wire

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// redirectError is a redirect. A web service never sends one: it comes from whatever
// is in front of it.
type redirectError struct{ to *url.URL }

// redirect drops what follows the path, where single sign-on keeps its tokens.
func (c *Client) redirect(location string) error {
	u, err := url.Parse(location)
	if err != nil {
		u = &url.URL{}
	}
	return &redirectError{to: &url.URL{Scheme: u.Scheme, Host: u.Host, Path: shorten(c.redact(u.Path))}}
}

func (e *redirectError) Error() string { return fmt.Sprintf("the server redirects to %q", e.to) }

func (e *redirectError) advice(c *Client) string {
	if asked, err := url.Parse(c.service); err == nil && asked.Scheme == "http" && e.to.Scheme == "https" && strings.HasPrefix(e.to.Path, asked.Path) {
		return fmt.Sprintf("write https in base_url, or what comes before /Webservice/ in %s", e.to)
	}
	return c.adviseBaseURL() + "; if a login page stands before it, let its rules except this path"
}

// tooManyRequestsError is status 429.
type tooManyRequestsError struct{ after time.Duration }

func (e *tooManyRequestsError) Error() string {
	return "the server takes no more requests at the moment"
}

func tooManyRequests(retryAfter string) error {
	seconds, err := strconv.Atoi(retryAfter)
	if err != nil || seconds < 0 {
		return &tooManyRequestsError{}
	}
	return &tooManyRequestsError{after: time.Duration(seconds) * time.Second}
}
