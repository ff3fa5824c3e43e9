package pgtest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { Main(m) }

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func value(t *testing.T, conn *pgx.Conn, query string) string {
	t.Helper()
	var s string
	if err := conn.QueryRow(t.Context(), query).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEachTestHasADatabaseOfItsOwnInOneClusterWithFsync(t *testing.T) {
	one, other := connect(t, Database(t)), connect(t, Database(t))
	if a, b := value(t, one, "SELECT current_database()"), value(t, other, "SELECT current_database()"); a == b {
		t.Errorf("both are in %s", a)
	}
	const system = "SELECT system_identifier::text FROM pg_control_system()"
	if value(t, one, system) != value(t, other, system) {
		t.Error("they are in different clusters")
	}
	if on := value(t, one, "SHOW fsync"); on != "on" {
		t.Errorf("fsync is %s", on)
	}
}

func TestWhatIsCommittedSurvivesARestart(t *testing.T) {
	c := New(t)
	url := c.Database(t)
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 'yes' AS value"); err != nil {
		t.Fatal(err)
	}
	c.Stop(t, Immediate)
	if _, err := conn.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("a stopped server answers")
	}
	c.Start(t)
	c.Stop(t, Fast)
	c.Start(t)
	if got := value(t, connect(t, url), "SELECT value FROM kept"); got != "yes" {
		t.Errorf("got %q", got)
	}
}

func TestAProxyCanBeCut(t *testing.T) {
	url := Database(t)
	p := NewProxy(t, url)
	conn := connect(t, p.URL(url))
	if value(t, conn, "SELECT current_database()") != value(t, connect(t, url), "SELECT current_database()") {
		t.Error("the proxy leads elsewhere")
	}
	p.Cut()
	if _, err := conn.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("a cut connection answers")
	}
	if _, err := pgx.Connect(t.Context(), p.URL(url)); err == nil {
		t.Error("a new connection is let through")
	}
	p.Join()
	conn = connect(t, p.URL(url))
	p.Mute()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := conn.Exec(ctx, "SELECT 1"); err == nil || ctx.Err() == nil {
		t.Errorf("a mute connection answers: %v", err)
	}
}
