package wire

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
)

func isPage(body []byte) bool { return bytes.HasPrefix(body, []byte("<")) }

var pageTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// pageError describes what a web server or a proxy answered: by its status, its title
// if it is a page, or its text.
func (c *Client) pageError(status int, body []byte) error {
	said := ""
	if status/100 != 2 {
		said = fmt.Sprintf("status %d %s: ", status, http.StatusText(status))
	}
	switch {
	case !isPage(body) && len(body) > 0:
		return fmt.Errorf("%s%q", said, shorten(c.redact(string(body))))
	case !isPage(body):
		return errors.New(said[:max(0, len(said)-2)])
	}
	said += "the server answered with a web page"
	if title := pageTitle.FindSubmatch(body[:min(len(body), 10_000)]); title != nil {
		said += fmt.Sprintf(", %q", shorten(c.redact(html.UnescapeString(string(title[1])))))
	}
	return errors.New(said)
}
