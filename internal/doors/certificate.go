package doors

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/files"
)

const (
	certificateFor = time.Minute // for so long a certificate isn't looked at anew
	longestPEM     = 256 << 10
	othersMayRead  = 0o004
)

// certificate is read anew now and then, as it may have been renewed. Where it can't be, as while one of
// its two files has been replaced, the one before goes on.
type certificate struct {
	cert, key string
	logger    func() *slog.Logger

	mu     sync.Mutex
	have   *tls.Certificate
	looked time.Time
	wrong  error
}

// get is for each new connection.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
	if c.have == nil {
		return nil, c.wrong
	}
	return c.have, nil
}

// trouble is why it should be replaced, and what to do.
func (c *certificate) trouble(now time.Time) (why, do string) {
	if c == nil {
		return "", ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
	switch {
	case c.have == nil:
	case c.wrong != nil:
		return c.wrong.Error() + "; the one that was read before is in use, which ends on " + c.have.Leaf.NotAfter.Local().Format(time.DateTime),
			"put the certificate and its key in place; they are read again within a minute"
	case now.After(c.have.Leaf.NotAfter):
		return "the certificate " + c.cert + " ended on " + c.have.Leaf.NotAfter.Local().Format(time.DateTime) + ", so others don't accept it",
			"put a new one in its place; it is read within a minute"
	}
	return "", ""
}

// look reads the files where they weren't read lately; the lock is held.
func (c *certificate) look() {
	if c.have != nil && time.Since(c.looked) < certificateFor {
		return
	}
	c.looked = time.Now()
	read, others, err := c.read()
	if err != nil {
		if c.have != nil && c.wrong == nil {
			c.logger().Error("the certificate of infrastructure.admin can't be read anew, so the one before is used; put both of its files in place", "cert_file", c.cert, "key_file", c.key, "err", err.Error())
		}
		c.wrong = err
		return
	}
	if others && (c.have == nil || c.wrong != nil) {
		c.logger().Warn("every user of this machine can read the key of infrastructure.admin: chmod o-rwx it", "key_file", c.key)
	}
	c.have, c.wrong = &read, nil
}

func (c *certificate) read() (read tls.Certificate, others bool, err error) {
	cert, err := files.Regular(c.cert, longestPEM)
	if err != nil {
		return read, false, fmt.Errorf("the certificate %s can't be read: %w", c.cert, err)
	}
	key, err := files.Regular(c.key, longestPEM)
	if err != nil {
		return read, false, fmt.Errorf("the key %s of the certificate can't be read: %w", c.key, err)
	}
	read, err = tls.X509KeyPair(cert.Data, key.Data)
	if err != nil {
		return read, false, fmt.Errorf("the certificate %s and the key %s don't belong together: %w", c.cert, c.key, err)
	}
	return read, key.Mode.Perm()&othersMayRead != 0, nil
}
