package pgtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PgBouncer starts the real one before the database with this URL, in a mode of its
// ("transaction", "session"), and returns the URL that leads to it. It skips the test where
// there is none.
func (c *Cluster) PgBouncer(t testing.TB, database, mode string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if _, err := os.Stat("/usr/sbin/pgbouncer"); err != nil {
			t.Skip("there is no PgBouncer: install the package pgbouncer")
		}
		program = "/usr/sbin/pgbouncer"
	}
	u, listener := before(t, database)
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	ini := filepath.Join(c.folder, "pgbouncer-"+strconv.Itoa(port)+".ini")
	if err := os.WriteFile(ini, fmt.Appendf(nil, `[databases]
* = host=%s port=5432 user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = %s
default_pool_size = 20
`, c.folder, port, mode), 0o644); err != nil {
		t.Fatal(err)
	}
	// In the cluster's folder as the cluster's user: it refuses to be root.
	bouncer := exec.Command(program, ini)
	bouncer.Dir, bouncer.SysProcAttr = c.folder, c.command("true").SysProcAttr
	log := &strings.Builder{}
	bouncer.Stdout, bouncer.Stderr = log, log
	if err := bouncer.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = bouncer.Process.Kill()
		_ = bouncer.Wait()
		if t.Failed() {
			t.Logf("PgBouncer:\n%s", log)
		}
	})
	through := "postgres://postgres@127.0.0.1:" + strconv.Itoa(port) + u.Path + "?sslmode=disable"
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		conn, err := pgx.Connect(ctx, through)
		if err == nil {
			err = conn.Close(ctx)
		}
		cancel()
		if err == nil {
			return through
		}
		if time.Now().After(deadline) {
			t.Fatalf("PgBouncer doesn't answer: %v", err)
		}
	}
}
