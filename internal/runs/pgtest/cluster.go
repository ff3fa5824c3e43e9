package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// shared is the cluster of all tests of this process that stop none.
var shared struct {
	sync.Mutex
	cluster *Cluster
}

// Main runs the tests, ends the cluster that they shared, and fails if they left
// goroutines behind. Those that run beside others wait more than they work, for leases to
// end, so several times as many do as there are processors.
func Main(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		if err := f.Value.Set(strconv.Itoa(3 * runtime.GOMAXPROCS(0))); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
		}
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		shared.Lock()
		defer shared.Unlock()
		if shared.cluster != nil {
			if err := shared.cluster.end(); err != nil {
				fmt.Fprintln(os.Stderr, "pgtest:", err)
				code = max(code, 1)
			}
		}
		os.Exit(code)
	}))
}

// Database returns the URL of a new database in the cluster that the tests share.
func Database(t testing.TB) string {
	t.Helper()
	bin := findBin(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil {
		c, err := create(bin)
		if err != nil {
			t.Fatal(err)
		}
		shared.cluster = c
	}
	return shared.cluster.Database(t)
}

// Cluster is a PostgreSQL server with its own files.
type Cluster struct {
	bin    string // folder of its programs
	folder string
	as     *syscall.SysProcAttr
	server *exec.Cmd // nil while it is stopped
	named  int
}

// New makes a cluster for one test.
func New(t testing.TB) *Cluster {
	t.Helper()
	c, err := create(findBin(t))
	if err != nil {
		t.Fatal(err)
	}
	c.endWith(t)
	return c
}

func (c *Cluster) endWith(t testing.TB) {
	t.Cleanup(func() {
		if err := c.end(); err != nil {
			t.Error(err)
		}
	})
}

// Standby makes a server that follows the cluster and can only be read.
func (c *Cluster) Standby(t testing.TB) *Cluster {
	t.Helper()
	s, err := newCluster(c.bin)
	if err == nil {
		err = s.begin("pg_basebackup", "-D", s.data(), "-h", c.folder, "-U", "postgres", "-R", "-c", "fast", "--no-sync")
	}
	if err != nil {
		t.Fatal(err)
	}
	s.endWith(t)
	return s
}

// Socket is the path of the socket at which the server listens.
func (c *Cluster) Socket() string { return filepath.Join(c.folder, ".s.PGSQL.5432") }

// URL is that of a database of this name.
func (c *Cluster) URL(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {c.folder}, "user": {"postgres"}}.Encode()
}

// Database returns the URL of a new database.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	c.named++
	name := "test" + strconv.Itoa(c.named)
	c.Exec(t, "postgres", "CREATE DATABASE "+name)
	return c.URL(name)
}

// Exec executes statements in a database as its superuser.
func (c *Cluster) Exec(t testing.TB, database, sql string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

// Dump returns all that is in the database at a URL, as pg_dump writes it.
func (c *Cluster) Dump(t testing.TB, url string) []byte {
	t.Helper()
	out, err := c.command("pg_dump", "--dbname="+url).Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// How a server is stopped.
const (
	Fast      = syscall.SIGINT  // connections are closed, the files are left clean
	Immediate = syscall.SIGQUIT // the files are recovered at the next start
)

// Stop stops the server.
func (c *Cluster) Stop(t testing.TB, how syscall.Signal) {
	t.Helper()
	if err := c.stop(how); err != nil {
		t.Fatal(err)
	}
}

// Start starts the server again and waits until it answers.
func (c *Cluster) Start(t testing.TB) {
	t.Helper()
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
}

func create(bin string) (*Cluster, error) {
	c, err := newCluster(bin)
	if err != nil {
		return nil, err
	}
	return c, c.begin("initdb", "-D", c.data(), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
}

// newCluster makes the folder of a cluster.
func newCluster(bin string) (*Cluster, error) {
	c := &Cluster{bin: bin, folder: filepath.Join(os.TempDir(), "otai-pg-"+rand.Text()[:10])}
	if len(c.Socket()) > 100 { // a socket's path may have 107 bytes
		c.folder = filepath.Join("/tmp", filepath.Base(c.folder))
	}
	if err := os.Mkdir(c.folder, 0o700); err != nil {
		return nil, err
	}
	if err := c.giveAway(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.folder))
	}
	return c, nil
}

// begin makes the files with a program and starts the server. After an error nothing is left.
func (c *Cluster) begin(program string, args ...string) error {
	if out, err := c.command(program, args...).CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("%s: %w\n%s", program, err, out), os.RemoveAll(c.folder))
	}
	if err := c.start(); err != nil {
		return errors.Join(err, c.end())
	}
	return nil
}

// giveAway gives the folder to the user as whom PostgreSQL runs, if that is another.
func (c *Cluster) giveAway() error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid := 65534, 65534
	if u, err := user.Lookup("postgres"); err == nil {
		uid, _ = strconv.Atoi(u.Uid)
		gid, _ = strconv.Atoi(u.Gid)
	}
	c.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	folder, err := os.Open(c.folder)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Chown(uid, gid)
}

func (c *Cluster) data() string { return filepath.Join(c.folder, "data") }

func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = c.folder, &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the tests
	if c.as != nil {
		cmd.SysProcAttr.Credential = c.as.Credential
	}
	cmd.Env = append(os.Environ(), "HOME="+c.folder, "LC_ALL=C", "TZ=UTC")
	return cmd
}

func (c *Cluster) start() error {
	log, err := os.OpenFile(filepath.Join(c.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	c.server = c.command("postgres", "-D", c.data(), "-k", c.folder, "-c", "listen_addresses=", "-c", "max_connections=200")
	c.server.Stdout, c.server.Stderr = log, log
	// If the tests are killed, the server ends by itself.
	c.server.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	if err := c.server.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			err = conn.Close(ctx)
		}
		cancel()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("PostgreSQL doesn't answer: %w\n%s", err, text)
		}
	}
}

func (c *Cluster) stop(how syscall.Signal) error {
	if c.server == nil {
		return nil
	}
	err := c.server.Process.Signal(how)
	if err == nil {
		err = c.server.Wait()
	}
	c.server = nil
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil // an immediate end has a code of its own
	}
	return err
}

func (c *Cluster) end() error { return errors.Join(c.stop(Immediate), os.RemoveAll(c.folder)) }

// findBin returns the folder of PostgreSQL's programs, the newest one's if there are
// several; without one it ends the test.
func findBin(t testing.TB) string {
	t.Helper()
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if initdb, err = filepath.EvalSymlinks(initdb); err == nil {
			return filepath.Dir(initdb)
		}
	}
	best, bin := -1.0, ""
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb"} {
		found, _ := filepath.Glob(pattern)
		for _, initdb := range found {
			dir := filepath.Dir(initdb)
			name := strings.TrimPrefix(filepath.Base(filepath.Dir(dir)), "pgsql-")
			if version, err := strconv.ParseFloat(name, 64); err == nil && version > best {
				best, bin = version, dir
			}
		}
	}
	const missing = "there is no PostgreSQL for tests: initdb is neither in PATH nor in /usr/lib/postgresql/*/bin; install the package postgresql"
	switch {
	case bin != "":
	case os.Getenv("OTAI_REQUIRE_POSTGRES") == "1":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
	return bin
}
