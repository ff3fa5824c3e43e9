package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// movedError is a redirect, which a web service never sends: it comes from what
// stands before it.
type movedError struct{ to *url.URL }

// moved leaves out what follows the path, where single sign-on keeps its tokens.
func (c *client) moved(location string) error {
	u, err := url.Parse(location)
	if err != nil {
		u = &url.URL{}
	}
	return &movedError{to: &url.URL{Scheme: u.Scheme, Host: u.Host, Path: shorten(c.veil(u.Path))}}
}

func (e *movedError) Error() string { return fmt.Sprintf("the server redirects to %q", e.to) }

func (e *movedError) advice(c *client) string {
	if asked, err := url.Parse(c.service); err == nil && asked.Scheme == "http" && e.to.Scheme == "https" && strings.HasPrefix(e.to.Path, asked.Path) {
		return fmt.Sprintf("write https in base_url, or what comes before /Webservice/ in %s", e.to)
	}
	return c.adviseBaseURL() + "; if a login page stands before it, let its rules except this path"
}

// busyError is status 429.
type busyError struct{ after time.Duration }

func (e *busyError) Error() string { return "the server takes no more requests at the moment" }

func tooMany(retryAfter string) error {
	seconds, err := strconv.Atoi(retryAfter)
	if err != nil || seconds < 0 {
		return &busyError{}
	}
	return &busyError{after: time.Duration(seconds) * time.Second}
}
