package helpdesk

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
)

// connection counts the answers on one connection, where one request follows another.
type connection struct {
	net.Conn
	answers atomic.Int64
}

type connectionKey struct{}

func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{Conn: c})
}

// countAnswer closes a connection that has had its last answer. As with Apache, the answer doesn't say so: a client that
// sends its next request meanwhile reads EOF.
func (s *Server) countAnswer(w http.ResponseWriter, r *http.Request) {
	c, ok := r.Context().Value(connectionKey{}).(*connection)
	limit := s.injector.RequestsPerConnection()
	if !ok || c.answers.Add(1) < int64(limit) || limit == 0 {
		return
	}
	if http.NewResponseController(w).Flush() == nil {
		_ = c.Close() // it may be closed already
	}
}
