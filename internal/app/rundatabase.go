package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/runs/postgres"
	"github.com/open-ticket-ai/otai/internal/runs/river"
	"github.com/open-ticket-ai/otai/internal/runs/sqlite"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// lease is how long a host that is heard of no more keeps its runs.
const lease = 10 * time.Second

// openDatabase opens the store in PostgreSQL, whose tables it makes where it may. The
// state folder says which host this is, and is locked.
func (s Settings) openDatabase(ctx context.Context, dir string, o config.Runs, logger *slog.Logger) (_ *RunStore, err error) {
	opened := &RunStore{}
	defer func() {
		if err != nil {
			err = errors.Join(err, opened.Close())
		}
	}()
	trustGroup, err := s.TrustGroup()
	if err != nil {
		return nil, ExitWith(CodeUsage, err)
	}
	lock, err := sqlite.Lock(sqlite.Options{Dir: dir, TrustGroup: trustGroup, PID: s.Worker.SupervisorPID()})
	if err != nil {
		return nil, err
	}
	opened.closers = append(opened.closers, lock.Close)
	instance, err := instanceOf(dir, machineID())
	if err != nil {
		return nil, err
	}
	opened.Host = store.Host{Instance: instance, Version: s.Version, Lease: lease}
	if text := s.env("OTAI_TEST_LEASE"); text != "" { // for tests that wait until one has ended
		if opened.Host.Lease, err = time.ParseDuration(text); err != nil {
			return nil, ExitWith(CodeUsage, fmt.Errorf("OTAI_TEST_LEASE: %w", err))
		}
	}
	facts, err := river.Check(ctx, o.Database, o.Schema, o.PollOnly)
	if err != nil {
		return nil, err
	}
	pool, err := river.Connect(ctx, o.Database, o.PollOnly)
	if err != nil {
		return nil, err
	}
	opened.closers = append(opened.closers, func() error { pool.Close(); return nil })
	if facts.Make {
		if err := migrate(ctx, pool, o.Schema); err != nil {
			return nil, err
		}
	}
	var kept *postgres.Store
	queue, err := river.New(river.Options{
		Pool: pool, Schema: o.Schema, PollOnly: o.PollOnly, Logger: logger,
		DueFor: func(ctx context.Context, longer time.Duration) ([]store.ReadyRun, error) {
			return kept.DueFor(ctx, longer)
		},
	})
	if err != nil {
		return nil, err
	}
	if kept, err = postgres.Open(ctx, postgres.Options{Pool: pool, Schema: o.Schema, Due: queue.Due, Over: queue.Over}); err != nil {
		return nil, err
	}
	opened.closers = append(opened.closers, kept.Close)
	opened.Store, opened.Queue = kept, queue
	return opened, nil
}

func migrate(ctx context.Context, pool *pgxpool.Pool, schema string) error {
	return river.Migrate(ctx, pool, schema, func(ctx context.Context, tx pgx.Tx) error { return postgres.Migrate(ctx, tx, schema) })
}

// besideDatabase is a store with connections of its own.
type besideDatabase struct {
	store.Store
	pool *pgxpool.Pool
}

func (b besideDatabase) Close() error {
	err := b.Store.Close()
	b.pool.Close()
	return err
}

func lookIntoDatabase(ctx context.Context, o config.Runs) (store.Store, error) {
	pool, err := river.Connect(ctx, o.Database, o.PollOnly)
	if err != nil {
		return nil, err
	}
	kept, err := postgres.Open(ctx, postgres.Options{Pool: pool, Schema: o.Schema})
	if err != nil {
		pool.Close()
		return nil, err
	}
	return besideDatabase{kept, pool}, nil
}

// MigrateRuns makes or updates the tables of the database and says so, or returns the
// statements.
func (s Settings) MigrateRuns(ctx context.Context, d *config.Document, printSQL bool) (string, error) {
	o := d.Runs
	if printSQL {
		if o.Schema == "" {
			o.Schema = config.DefaultRunsSchema
		}
		return river.SQL(o.Schema, postgres.SQL(o.Schema))
	}
	facts, err := river.Check(ctx, o.Database, o.Schema, o.PollOnly)
	if err != nil {
		return "", err
	}
	pool, err := river.Connect(ctx, o.Database, o.PollOnly)
	if err != nil {
		return "", err
	}
	defer pool.Close()
	if err := migrate(ctx, pool, o.Schema); err != nil {
		return "", err
	}
	return fmt.Sprintf("The tables in the schema %s of PostgreSQL %s have the form of this release.", o.Schema, facts.Version), nil
}

const instanceFile = "host"

// instanceOf returns by what the database knows the host with this state folder, whose
// lock is held: a random id, kept in it. A copy of the folder gets another one, on another
// machine and on the same one: else two would declare each other dead.
func instanceOf(dir, machine string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", fmt.Errorf("the state folder: %w", err)
	}
	defer root.Close()
	folder, err := root.Stat(".")
	if err != nil {
		return "", fmt.Errorf("the state folder: %w", err)
	}
	if stat, ok := folder.Sys().(*syscall.Stat_t); ok {
		machine += " " + strconv.FormatUint(stat.Ino, 10)
	}
	text, err := root.ReadFile(instanceFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("which host this is: %w", err)
	}
	if id, at, ok := strings.Cut(strings.TrimSpace(string(text)), " "); ok && id != "" && at == machine {
		return id, nil
	}
	id := strings.ToLower(rand.Text())
	if err := root.WriteFile(instanceFile+".new", []byte(id+" "+machine+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("which host this is: %w", err)
	}
	if err := root.Rename(instanceFile+".new", instanceFile); err != nil {
		return "", fmt.Errorf("which host this is: %w", err)
	}
	return id, nil
}

// machineID is systemd's id of this machine, or its name where it has none.
func machineID() string {
	if id, err := os.ReadFile("/etc/machine-id"); err == nil && len(strings.TrimSpace(string(id))) > 0 {
		return strings.TrimSpace(string(id))
	}
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
