package doors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
)

// ErrNobody means that no service answers at a state folder.
var ErrNobody = errors.New("no otai runs on this state folder")

const maxAnswer = 64 << 20 // bytes

// Client asks the otai that works on a state folder.
type Client struct{ http http.Client }

// Dial returns a client; it connects with each question.
func Dial(stateDir string) *Client {
	return &Client{http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		folder, err := os.Open(stateDir)
		if err != nil {
			return nil, err
		}
		defer folder.Close()
		return (&net.Dialer{}).DialContext(ctx, "unix", within(folder, SocketName))
	}}}}
}

// Get and Post ask at a path, and return the answer with its status of HTTP. errors.Is knows
// [ErrNobody].
func (c *Client) Get(ctx context.Context, path string, query url.Values) ([]byte, int, error) {
	return c.do(ctx, http.MethodGet, path, query)
}

// Post asks for something to be done; see [Client.Get].
func (c *Client) Post(ctx context.Context, path string, query url.Values) ([]byte, int, error) {
	return c.do(ctx, http.MethodPost, path, query)
}

func (c *Client) do(ctx context.Context, method, path string, query url.Values) ([]byte, int, error) {
	address := url.URL{Scheme: "http", Host: "otai", Path: path, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), http.NoBody)
	if err != nil {
		return nil, 0, err
	}
	response, err := c.http.Do(request)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, 0, fmt.Errorf("%w: %w", ErrNobody, err)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("asking the otai that runs: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, 0, fmt.Errorf("asking the otai that runs: %w", err)
	}
	return answer, response.StatusCode, nil
}
