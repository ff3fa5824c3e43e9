package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// newTransport is the HTTP connection pool of one help desk.
func newTransport(p Config) (*http.Transport, error) {
	secured, err := tlsConfig(p.TLS)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:                  proxyOf(p.Proxy),
		DialContext:            dialGuarded,
		OnProxyConnectResponse: proxyAnswer,
		TLSClientConfig:        secured,
		TLSHandshakeTimeout:    10 * time.Second,
		// No HTTP/2: it would put any number of requests on one connection.
		MaxConnsPerHost: outAtMost(p.MaxConnections),
		// As many idle connections as requests at once, so that a busy service doesn't
		// dial for each. They are closed soon: each occupies a worker of Apache, which
		// itself closes them after 5 s or more, and must not do so just as we send.
		MaxIdleConnsPerHost: p.MaxConnections,
		IdleConnTimeout:     3 * time.Second,
	}, nil
}

func proxyOf(s string) func(*http.Request) (*url.URL, error) {
	switch s {
	case "":
		return http.ProxyFromEnvironment
	case NoProxy:
		return nil
	}
	u, err := url.Parse(s)
	if err != nil {
		return func(*http.Request) (*url.URL, error) {
			return nil, errors.New("the param proxy is not a valid address")
		}
	}
	return http.ProxyURL(u)
}

// proxyError means that a proxy doesn't connect to the help desk.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy answers with status %d %s", e.status, http.StatusText(e.status))
}

func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode != http.StatusOK {
		return &proxyError{status: r.StatusCode}
	}
	return nil
}

func tlsConfig(t TLSConfig) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify}
	if t.CAFile != "" {
		pem, err := readPEM(t.CAFile)
		if err != nil {
			return nil, &api.FieldError{Field: "tls.ca_file", Err: fmt.Errorf("can't be read: %w", err)}
		}
		if c.RootCAs, err = x509.SystemCertPool(); err != nil {
			c.RootCAs = x509.NewCertPool()
		}
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &api.FieldError{Field: "tls.ca_file", Err: fmt.Errorf("%s has no certificate in PEM form (-----BEGIN CERTIFICATE-----)", t.CAFile)}
		}
	}
	if t.CertFile != "" {
		cert, err := readPEM(t.CertFile)
		if err != nil {
			return nil, &api.FieldError{Field: "tls.cert_file", Err: fmt.Errorf("can't be read: %w", err)}
		}
		key, err := readPEM(t.KeyFile)
		if err != nil {
			return nil, &api.FieldError{Field: "tls.key_file", Err: fmt.Errorf("can't be read: %w", err)}
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, &api.FieldError{Field: "tls.cert_file", Err: fmt.Errorf("can't be used with key_file: %w", err)}
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
