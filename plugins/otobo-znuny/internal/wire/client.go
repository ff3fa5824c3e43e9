package wire

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Client sends requests to one web service as one agent. It is safe for concurrent
// use.
type Client struct {
	Retry RetryPolicy

	http          *http.Client
	service       string // URL of the web service, without trailing slash
	name          string // of the web service
	userAgent     string
	routes        map[Operation]string
	timeouts      map[Operation]time.Duration
	login         login
	proxyPassword secret
	maxAnswer     int64
	insecure      bool          // any certificate is trusted
	limiter       *rate.Limiter // nil: no limit
	slots         *slots
	breaker       *gobreaker.TwoStepCircuitBreaker[Answer] // nil: none
	unavailable   atomic.Pointer[RequestError]             // why the last request that wasn't answered was not
	fence         func(context.Context) error              // nil: none
	logger        *slog.Logger
}

// breakerPause is how long an open breaker rejects requests.
const breakerPause = 5 * time.Second

// New returns a client, which connects when it is first used. Errors name the param
// that is wrong.
func New(config Config) (*Client, error) {
	transport, err := newTransport(config)
	if err != nil {
		return nil, err
	}
	c := &Client{
		Retry: config.Retry,
		http: &http.Client{
			Transport: transport,
			// Followed, a redirect would turn the POST into a GET without body or carry
			// the password to another host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		service:   config.BaseURL + "/Webservice/" + url.PathEscape(config.WebService),
		name:      config.WebService,
		userAgent: config.UserAgent,
		routes:    maps.Clone(config.Routes),
		timeouts:  maps.Clone(config.Timeouts),
		login:     login{user: config.Username, password: newSecret(config.Password), useSession: config.UseSession, registerSecret: config.Redact},
		maxAnswer: int64(config.MaxResponseMB) << 20,
		slots:     newSlots(config.MaxConnections, config.Late),
		insecure:  config.TLS.InsecureSkipVerify,
		logger:    config.Logger,
	}
	if proxy, err := url.Parse(config.Proxy); err == nil {
		if password, given := proxy.User.Password(); given {
			c.proxyPassword = newSecret(password)
			config.Redact(password)
		}
	}
	c.timeouts[SessionRemove] = logOutTimeout
	if config.RequestsPerSecond > 0 {
		c.limiter = rate.NewLimiter(rate.Limit(config.RequestsPerSecond), int(math.Ceil(config.RequestsPerSecond)))
	}
	if n := config.BreakerFailures; n > 0 {
		c.breaker = gobreaker.NewTwoStepCircuitBreaker[Answer](gobreaker.Settings{
			Timeout:      breakerPause,
			ReadyToTrip:  func(counts gobreaker.Counts) bool { return int64(counts.ConsecutiveFailures) >= int64(n) },
			IsSuccessful: func(err error) bool { return !errors.Is(err, ErrUnavailable) },
		})
	}
	return c, nil
}

// URL is the address of the web service.
func (c *Client) URL() string { return c.service }

// WebService is the name of the web service in the help desk.
func (c *Client) WebService() string { return c.name }

// Username is the login of the agent.
func (c *Client) Username() string { return c.login.user }

// Connections is how many requests are out at one time, at most, those included whose answer
// is late.
func (c *Client) Connections() int { return outAtMost(cap(c.slots.free)) }

// UsesSession reports whether requests carry a session's id, not the password.
func (c *Client) UsesSession() bool { return c.login.useSession }

// TrustsAnyCertificate reports whether certificates go unchecked.
func (c *Client) TrustsAnyCertificate() bool { return c.insecure }

// WrapTransport wraps the client's round tripper, for tests that count requests.
func (c *Client) WrapTransport(wrap func(http.RoundTripper) http.RoundTripper) {
	c.http.Transport = wrap(c.http.Transport)
}

// UseFence has every write ask f right before its first byte. The deadline of f's
// context is the request's. If f returns an error, nothing is sent, and the error of
// the request wraps it. UseFence is called before the first request.
func (c *Client) UseFence(f func(context.Context) error) { c.fence = f }

// CloseIdleConnections closes idle connections: on Apache each one occupies a worker
// process.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Call sends one request, and a second one only if the first was rejected because
// the session had expired. Its errors are [RequestError]s. ticket is for the log and
// the error.
func (c *Client) Call(ctx context.Context, op Operation, ticket string, m Message) (Answer, error) {
	for again := true; ; again = false {
		credentials, session, err := c.credentials(ctx)
		if err != nil {
			return Answer{}, withOperation(err, op, ticket)
		}
		a, err := c.send(ctx, op, ticket, credentials, m)
		// An expired session is rejected before anything is written.
		if again && session != "" && errors.Is(err, ErrAuthentication) {
			c.login.dropSession(session)
			continue
		}
		return a, err
	}
}

// send sends one request with these credentials.
func (c *Client) send(ctx context.Context, op Operation, ticket string, credentials, m Message) (Answer, error) {
	body, err := encode(credentials, m)
	if err != nil {
		return Answer{}, &RequestError{Operation: op, Ticket: ticket, Kinds: []error{api.ErrInvalid, ErrInvalidParameter}, Advice: "a value of the request can't be written as JSON", Cause: err}
	}
	done, err := c.admit(ctx, op)
	if err != nil {
		return Answer{}, withOperation(err, op, ticket)
	}
	started := time.Now()
	x := c.roundTrip(ctx, op, body)
	var a Answer
	if x.err != nil {
		err = c.connectionError(ctx, op, x)
	} else {
		a, err = c.read(op, x.status, x.body, m)
	}
	done(x, err)
	var failed *RequestError
	if errors.As(err, &failed) {
		failed.Operation, failed.Ticket, failed.Status = op, ticket, x.status
	}
	c.log(ctx, op, ticket, x.status, time.Since(started), err)
	return a, err
}

// admit waits for the rate limit and a slot, and asks the breaker. done must be called
// with the outcome of the request.
//
// The transport bounds the connections, too, but its waiting would count as the help
// desk's: requests that nobody has sent would open the breaker.
func (c *Client) admit(ctx context.Context, op Operation) (done func(httpResult, error), err error) {
	if c.limiter != nil {
		if err := c.limiter.Wait(ctx); err != nil {
			return nil, &RequestError{Cause: err}
		}
	}
	slot, err := c.slots.take(ctx, op)
	if err != nil {
		return nil, &RequestError{Cause: err}
	}
	if c.breaker == nil {
		return func(x httpResult, _ error) { slot.end(x) }, nil
	}
	report, err := c.breaker.Allow()
	if err != nil {
		slot.leave(false)
		why, advice := "", "check that the help desk is up"
		if last := c.unavailable.Load(); last != nil && last.Cause != nil {
			why, advice = ": "+last.Cause.Error(), cmp.Or(last.Advice, advice)
		}
		return nil, &RequestError{
			Kinds:  []error{api.ErrTemporary, ErrUnavailable},
			Cause:  &api.RetryError{After: breakerPause, Err: fmt.Errorf("the last requests were not answered, so that none is sent for some seconds%s", why)},
			Advice: advice,
		}
	}
	return func(x httpResult, err error) {
		if failed := (*RequestError)(nil); errors.Is(err, ErrUnavailable) && errors.As(err, &failed) {
			c.unavailable.Store(failed)
		}
		report(err)
		slot.end(x)
	}, nil
}

// log records a request without its texts and without the login.
func (c *Client) log(ctx context.Context, op Operation, ticket string, status int, took time.Duration, err error) {
	if !c.logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attributes := []slog.Attr{slog.String("operation", op.String()), slog.Int("status", status), slog.Duration("duration", took)}
	if ticket != "" {
		attributes = append(attributes, slog.String("ticket", ticket))
	}
	if err != nil {
		attributes = append(attributes, slog.String("err", err.Error()))
	}
	c.logger.LogAttrs(ctx, slog.LevelDebug, "help desk request", attributes...)
}

// encode adds the login and renders the whole body: the servers ignore a body
// without Content-Length.
func encode(credentials, m Message) ([]byte, error) {
	full := make(Message, len(m)+2)
	for k, v := range m {
		full[k] = v
	}
	for k, v := range credentials {
		full[k] = v
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(full); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
