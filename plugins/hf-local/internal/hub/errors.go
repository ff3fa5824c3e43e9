package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// subject is what a request is about, for its error.
type subject struct {
	ref  Reference
	file string // "" is the model as a whole
}

func (s subject) String() string {
	if s.file == "" {
		return "the model " + s.ref.String()
	}
	return s.file + " of the model " + s.ref.String()
}

// byHand is the advice if a server can't be reached.
const byHand = `A model can also be copied from another machine: see "Offline installation" in docs/models.md`

// responseError turns a response other than success into an error that says what to do.
// The server's own text isn't in it: it may quote what it was sent.
func (c *client) responseError(of subject, at *url.URL, answer *http.Response) error {
	status := answer.StatusCode
	host := at.Host
	if !sameOrigin(at, c.endpoint) {
		return c.foreignResponseError(of, host, status, answer.Header)
	}
	page := c.endpoint.Host + "/" + of.ref.Name
	switch {
	case status == http.StatusUnauthorized && c.token == "":
		return fmt.Errorf("%s gives %s to nobody without a token (401). Either the name is wrong, or the model is private or gated: "+
			"check the name, or set api_token or HF_TOKEN to a token that may read it: %w", host, of, api.ErrDenied)
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%s doesn't accept the token for %s (401): it is mistyped, has expired or was revoked, or the name is wrong. "+
			"Set api_token or HF_TOKEN to a valid one, or to none for a public model: %w", host, of, api.ErrDenied)
	case status == http.StatusForbidden && c.token == "":
		return fmt.Errorf("%s forbids to read %s without a token (403): open %s in a browser, accept its conditions, and set api_token or HF_TOKEN to a token of that account: %w",
			host, of, page, api.ErrDenied)
	case status == http.StatusForbidden:
		return fmt.Errorf("the token may not read %s at %s (403): open %s in a browser and accept its conditions with the token's account, or give the token the right to read it: %w",
			of, host, page, api.ErrDenied)
	case status == http.StatusNotFound || status == http.StatusGone:
		return c.notFound(of, host, status, answer.Header.Get("X-Error-Code"))
	case status == http.StatusTooManyRequests:
		after := retryAfter(answer.Header, time.Now())
		wait := "wait a little"
		if after > 0 {
			wait = "it asks to wait " + after.Round(time.Second).String()
		}
		err := fmt.Errorf("%s has had too many requests from here (429), asked for %s: %s; with a token in HF_TOKEN more are allowed", host, of, wait)
		return &api.RetryError{After: after, Err: err}
	case status >= 500 || status == http.StatusRequestTimeout:
		err := fmt.Errorf("%s has an internal error (%d), asked for %s: try again later. %s: %w", host, status, of, byHand, api.ErrTemporary)
		if after := retryAfter(answer.Header, time.Now()); after > 0 {
			return &api.RetryError{After: after, Err: err}
		}
		return err
	case status == http.StatusProxyAuthRequired:
		return fmt.Errorf("the proxy wants a login (407): give it in HTTPS_PROXY: %w", api.ErrDenied)
	default:
		return fmt.Errorf("%s answers %d for %s, which otai can do nothing with: %w", host, status, of, api.ErrInvalid)
	}
}

func (c *client) notFound(of subject, host string, status int, code string) error {
	switch {
	case code == "RevisionNotFound":
		return fmt.Errorf("the model %s has no revision %q at %s (%d): name a branch, a tag or a commit of it, or none for %s: %w",
			of.ref.Name, of.ref.Revision, host, status, mainRevision, api.ErrNotFound)
	case of.file != "":
		return fmt.Errorf("%s has no %s (%d), though it listed the file: try again: %w", host, of, status, api.ErrNotFound)
	case of.ref.Revision != mainRevision && code == "":
		return fmt.Errorf("there is no model %s with the revision %q at %s (%d): check both: %w", of.ref.Name, of.ref.Revision, host, status, api.ErrNotFound)
	default:
		return fmt.Errorf("there is no model %s at %s (%d): check the name, which is written as ORG/NAME: %w", of.ref.Name, host, status, api.ErrNotFound)
	}
}

// foreignResponseError is the same for a host that the server sent us to, mostly with an address
// that is valid for some time only: so asking the server again may help.
func (c *client) foreignResponseError(of subject, host string, status int, h http.Header) error {
	err := fmt.Errorf("%s, where %s keeps %s, answers %d: try again later. %s: %w", host, c.endpoint.Host, of, status, byHand, api.ErrTemporary)
	if after := retryAfter(h, time.Now()); after > 0 {
		return &api.RetryError{After: after, Err: err}
	}
	return err
}

// rateLimit is how HuggingFace's servers say that no request is left, and after how
// many seconds there will be: "resolvers";r=0;t=42
// (draft-ietf-httpapi-ratelimit-headers).
var rateLimit = regexp.MustCompile(`\br=0;\s*t=(\d{1,5})\b`)

// retryAfter reads the header of that name: seconds or a date (RFC 9110, 10.2.3);
// without it, RateLimit.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 24*60*60)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	if found := rateLimit.FindStringSubmatch(h.Get("RateLimit")); found != nil {
		seconds, _ := strconv.Atoi(found[1]) // five digits
		return time.Duration(seconds) * time.Second
	}
	return 0
}

// unreachable is for a request without an answer. The error of net/http is not
// wrapped as it is: it quotes the address, whose signature is a secret.
func (c *client) unreachable(ctx context.Context, of subject, host string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("asking %s for %s: %w", host, of, context.Cause(ctx))
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		//nolint:errorlint // the kind of error is the contract's
		return fmt.Errorf("the certificate of %s isn't trusted, asked for %s (%s): if a proxy intercepts TLS, add its certificate to the system's, or name it in SSL_CERT_FILE: %w",
			host, of, certificate.Err, api.ErrInvalid)
	}
	why := "check the network, HTTPS_PROXY and HF_ENDPOINT"
	return fmt.Errorf("%s can't be reached for %s (%s): %s. %s: %w", host, of, c.clean(err.Error()), why, byHand, api.ErrTemporary)
}

// broken is for an answer that ended too early.
func (c *client) broken(of subject, err error) error {
	return fmt.Errorf("the connection broke while %s was downloaded (%s): %w", of, c.clean(err.Error()), api.ErrTemporary)
}

func (c *client) clean(text string) string {
	if c.token == "" {
		return text
	}
	return strings.ReplaceAll(text, c.token, "***")
}

// isFull reports whether a file can't be written any further.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// diskError explains a full disk. need is how much is still to be downloaded, 0 if that
// isn't known.
func diskError(of subject, folder string, need int64, err error) error {
	if !isFull(err) {
		return fmt.Errorf("keeping %s: %w", of, err)
	}
	more := "more room"
	if need > 0 {
		more = size(need)
	}
	return fmt.Errorf("the disk is full: %s needs %s in %s. Make room there, or set cache_dir or HF_HOME to a folder on another disk: %w", of, more, folder, err)
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 10e9:
		return fmt.Sprintf("%.0f GB", float64(n)/1e9)
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	default:
		return fmt.Sprintf("%.0f kB", max(1, float64(n)/1e3))
	}
}
