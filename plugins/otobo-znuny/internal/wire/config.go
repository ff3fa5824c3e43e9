package wire

import (
	"log/slog"
	"time"
)

// PasswordVariable is the environment variable that supplies a password that the
// configuration doesn't give.
const PasswordVariable = "OTAI_OTOBO_ZNUNY_PASSWORD"

// Script is the program of the help desk that serves all web services.
const Script = "nph-genericinterface.pl"

// NoProxy is the word for a direct connection, whatever the environment says.
const NoProxy = "none"

// Config says where the web service is and how to talk to it. Its values have been
// checked, except for the certificates, which [New] reads.
type Config struct {
	BaseURL    string // up to and including [script]
	WebService string // its name in the help desk
	Routes     map[Operation]string
	Timeouts   map[Operation]time.Duration
	Late       time.Duration // how long after its timeout a request may still be at work in the help desk
	Retry      RetryPolicy

	Username, Password string
	UseSession         bool
	Redact             func(secret string) // receives the proxy's password and the id of each new session

	TLS               TLSConfig
	Proxy             string // an address, [noProxy], or "" for the environment's
	MaxConnections    int
	RequestsPerSecond float64 // 0: no limit
	MaxResponseMB     int
	BreakerFailures   int // 0: the breaker never opens

	UserAgent string
	Logger    *slog.Logger
}

// TLSConfig is how the connection is secured; the names are paths of PEM files.
type TLSConfig struct {
	CAFile             string
	CertFile           string
	KeyFile            string
	ServerName         string
	InsecureSkipVerify bool
}
