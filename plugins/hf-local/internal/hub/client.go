package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

const (
	defaultEndpoint = "https://huggingface.co"
	userAgent       = "otai-hf-local"

	maxRedirects = 10
)

// client asks a HuggingFace server.
type client struct {
	endpoint *url.URL
	http     *http.Client
	token    string
	retries  retryPolicy
	stall    time.Duration // without a byte for so long, a download is broken
}

// timeouts of the requests; huggingface_hub has two variables for them.
type timeouts struct {
	answer time.Duration // until the headers of an answer are there
	stall  time.Duration // between two pieces of a download
}

func newTimeouts(e environment) timeouts {
	t := timeouts{answer: 30 * time.Second, stall: 30 * time.Second}
	if n, err := strconv.Atoi(e.value("HF_HUB_ETAG_TIMEOUT")); err == nil && n > 0 {
		t.answer = time.Duration(n) * time.Second
	}
	if n, err := strconv.Atoi(e.value("HF_HUB_DOWNLOAD_TIMEOUT")); err == nil && n > 0 {
		t.stall = time.Duration(n) * time.Second
	}
	return t
}

func newClient(endpoint, token string, t timeouts, p retryPolicy) (*client, error) {
	if endpoint == "" {
		endpoint = defaultEndpoint
	}
	u, err := url.Parse(strings.TrimRight(endpoint, "/"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		// Not quoted: an address can hold a password.
		return nil, fmt.Errorf("HF_ENDPOINT is not an address; write it as in %s: %w", defaultEndpoint, api.ErrInvalid)
	}
	return &client{
		endpoint: u, token: token, retries: p, stall: t.stall,
		http: &http.Client{
			// Redirects are followed by send, which keeps the token from other hosts.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				Proxy:                 http.ProxyFromEnvironment,
				DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
				TLSHandshakeTimeout:   10 * time.Second,
				ResponseHeaderTimeout: t.answer,
				IdleConnTimeout:       30 * time.Second,
				ForceAttemptHTTP2:     true,
			},
		},
	}, nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

// withToken is c with another token; "" leaves the one it has.
func (c *client) withToken(token string) *client {
	if token == "" {
		return c
	}
	other := *c
	other.token = token
	return &other
}

// at returns the address of a path; its parts are escaped, slashes within them too.
func (c *client) at(parts ...string) *url.URL {
	u := *c.endpoint
	raw := strings.TrimRight(u.EscapedPath(), "/")
	for _, part := range parts {
		raw += "/" + part
	}
	u.Path, _ = url.PathUnescape(raw)
	u.RawPath = raw
	return &u
}

func escapePath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// model is what the server says of a model.
type model struct {
	Commit string
	Files  []string
}

// model asks which commit a revision is, and what files it has.
func (c *client) model(ctx context.Context, ref Reference) (model, error) {
	at := c.at("api", "models", escapePath(ref.Name), "revision", url.PathEscape(ref.Revision))
	var m model
	err := c.retries.repeat(ctx, func() (bool, error) {
		answer, err := c.send(ctx, subject{ref: ref}, http.MethodGet, at, nil, always)
		if err != nil {
			return false, err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(io.LimitReader(c.watched(answer.Body), modelfile.MaxListing))
		if err != nil {
			return false, c.broken(subject{ref: ref}, err)
		}
		var listed struct {
			Commit string `json:"sha"`
			Files  []struct {
				Name string `json:"rfilename"`
			} `json:"siblings"`
		}
		if err := json.Unmarshal(text, &listed); err != nil || !isFileName(listed.Commit) {
			return false, fmt.Errorf("%s answers for the model %s with something that lists no model: is a proxy or a login page between, or HF_ENDPOINT wrong? %w",
				c.endpoint.Host, ref, api.ErrInvalid)
		}
		m = model{Commit: listed.Commit}
		for _, f := range listed.Files {
			m.Files = append(m.Files, f.Name)
		}
		return false, checkNames(m.Files)
	})
	return m, err
}

// metadata is what the server says of a file before it is downloaded.
type metadata struct {
	ETag string   // its checksum, and the name of its blob
	Size int64    // -1 if the server doesn't say
	At   *url.URL // of the file at the server itself, never a signed address, which would expire
}

// metadata asks for the checksum and size of a file. Large files are elsewhere: the
// server answers with a redirect that carries both, and the other host, which may
// know neither, isn't asked.
func (c *client) metadata(ctx context.Context, ref Reference, commit, file string) (metadata, error) {
	of := subject{ref: ref, file: file}
	at := c.at(escapePath(ref.Name), "resolve", url.PathEscape(commit), escapePath(file))
	m := metadata{At: at, Size: -1}
	err := c.retries.repeat(ctx, func() (bool, error) {
		linked := func(answer *http.Response) bool { return answer.Header.Get("X-Linked-Etag") == "" }
		answer, err := c.send(ctx, of, http.MethodHead, at, nil, linked)
		if err != nil {
			return false, err
		}
		defer answer.Body.Close()
		if said := answer.Header.Get("X-Repo-Commit"); said != "" && said != commit {
			return false, fmt.Errorf("the server gives %s of the model %s from commit %s and not %s, as it was asked: %w", file, ref, said, commit, api.ErrTemporary)
		}
		etag := answer.Header.Get("X-Linked-Etag")
		if etag == "" {
			etag = answer.Header.Get("ETag")
		}
		m.ETag = strings.Trim(strings.TrimPrefix(etag, "W/"), `"`)
		if !isChecksum(m.ETag) {
			return false, fmt.Errorf("the server gives no checksum for %s of the model %s (its ETag is %.200q), so the file couldn't be checked: is HF_ENDPOINT a HuggingFace server? %w",
				file, ref, etag, api.ErrInvalid)
		}
		size := answer.Header.Get("X-Linked-Size")
		if size == "" && answer.StatusCode == http.StatusOK {
			size = answer.Header.Get("Content-Length")
		}
		if n, err := strconv.ParseInt(size, 10, 64); err == nil && n >= 0 {
			m.Size = n
		}
		return false, nil
	})
	return m, err
}

// always follows every redirect.
func always(*http.Response) bool { return true }

// send asks once. It follows redirects as long as follow says so, sends the token
// to the server's own origin only, and turns every other response into an error.
func (c *client) send(ctx context.Context, of subject, method string, at *url.URL, header http.Header, follow func(*http.Response) bool) (*http.Response, error) {
	for range maxRedirects {
		request, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
		if err != nil {
			return nil, fmt.Errorf("asking for %s: the address can't be used: %w", of, api.ErrInvalid)
		}
		for name, values := range header {
			request.Header[name] = values
		}
		request.Header.Set("User-Agent", userAgent)
		// Otherwise a server may compress, and checksum and length be of something else.
		request.Header.Set("Accept-Encoding", "identity")
		if c.token != "" && sameOrigin(at, c.endpoint) {
			request.Header.Set("Authorization", "Bearer "+c.token)
		}
		answer, err := c.http.Do(request)
		if err != nil {
			return nil, c.unreachable(ctx, of, at.Host, err)
		}
		target := answer.Header.Get("Location")
		redirected := answer.StatusCode >= 300 && answer.StatusCode < 400 && target != "" && answer.StatusCode != http.StatusNotModified
		if !redirected {
			if answer.StatusCode >= 200 && answer.StatusCode < 300 {
				return answer, nil
			}
			defer answer.Body.Close()
			return nil, c.responseError(of, at, answer)
		}
		if !follow(answer) {
			return answer, nil
		}
		answer.Body.Close()
		next, err := at.Parse(target)
		if err != nil || (next.Scheme != "http" && next.Scheme != "https") || next.Host == "" {
			return nil, fmt.Errorf("asking for %s: %s redirects to an address that can't be used: %w", of, at.Host, api.ErrInvalid)
		}
		if at.Scheme == "https" && next.Scheme == "http" {
			return nil, fmt.Errorf("asking for %s: %s redirects from https to plain http at %s, which is not followed: %w", of, at.Host, next.Host, api.ErrInvalid)
		}
		at = next
	}
	return nil, fmt.Errorf("asking for %s: more than %d redirects: %w", of, maxRedirects, api.ErrInvalid)
}

// sameOrigin compares scheme, host and port. Why not the rule of net/http: to that,
// another port and a subdomain are the same host.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// errStalled ends a download that goes on too slowly to be one.
var errStalled = errors.New("no more data came")

// watched is body, which is closed when nothing comes from it for too long.
func (c *client) watched(body io.ReadCloser) io.Reader {
	w := &watchedBody{body: body, limit: c.stall}
	w.timer = time.AfterFunc(c.stall, func() { body.Close() })
	w.timer.Stop()
	return w
}

type watchedBody struct {
	body  io.ReadCloser
	timer *time.Timer
	limit time.Duration
}

func (w *watchedBody) Read(p []byte) (int, error) {
	w.timer.Reset(w.limit)
	n, err := w.body.Read(p)
	if !w.timer.Stop() && n == 0 && err != nil && err != io.EOF {
		return 0, fmt.Errorf("%w for %s", errStalled, w.limit)
	}
	return n, err
}
