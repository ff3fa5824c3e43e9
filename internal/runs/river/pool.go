package river

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sys/unix"
)

// connections is how many there are at most unless the URL says pool_max_conns. Four
// would do for the work, but not for four workers, River's listener and the lease at once.
const connections = 16

// vanished is after what time a host and the database notice that the other is gone
// without a word. It is below the lease.
const vanished = 5 * time.Second

// errURL is all that is said of a URL that can't be read: it has a password in it.
var errURL = errors.New("the database's URL can't be read: it should be like postgres://USER:PASSWORD@HOST:5432/DATABASE")

// Connect makes the pool of connections that the run store and River share. It connects
// to nothing yet. pollOnly is for a pooler of transactions.
func Connect(ctx context.Context, url string, pollOnly bool) (*pgxpool.Pool, error) {
	config, err := parse(url, pollOnly)
	if err != nil {
		return nil, err
	}
	return pgxpool.NewWithConfig(ctx, config)
}

func parse(url string, pollOnly bool) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if file := (*fs.PathError)(nil); errors.As(err, &file) { // sslrootcert, sslcert, sslkey
		return nil, fmt.Errorf("the database's URL names a file that can't be read: %w", file)
	} else if err != nil {
		return nil, errURL
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = connections
	}
	conn := config.ConnConfig
	if _, ok := conn.RuntimeParams["application_name"]; !ok {
		conn.RuntimeParams["application_name"] = "otai"
	}
	conn.ConnectTimeout = min(conn.ConnectTimeout, vanished)
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = vanished
	}
	conn.DialFunc = dial
	if pollOnly {
		// A prepared statement would be on a connection that the next transaction doesn't get.
		conn.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		return config, nil
	}
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		// What a host that vanished had locked is free again before its lease is over.
		_, err := c.Exec(ctx, `SELECT set_config('idle_in_transaction_session_timeout', '5s', false),
			set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),
			set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '10s', false)`)
		return err
	}
	return config, nil
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: vanished, Interval: 2 * time.Second, Count: 3}}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		if raw, err := tcp.SyscallConn(); err == nil {
			// Without it, what was written to a host that is gone is tried again for 15 minutes.
			_ = raw.Control(func(fd uintptr) {
				_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(vanished.Milliseconds()))
			})
		}
	}
	return conn, nil
}

// code is the SQLSTATE of an error, "" if the database didn't answer with one.
func code(err error) string {
	if answer := (*pgconn.PgError)(nil); errors.As(err, &answer) {
		return answer.Code
	}
	return ""
}
