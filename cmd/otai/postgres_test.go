package main_test

import (
	"testing"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
)

// cluster is a PostgreSQL of the test's own, with a database for otai.
type cluster struct {
	*pgtest.Cluster
	url string
}

// postgres skips the test where there is no PostgreSQL.
func postgres(t *testing.T) cluster {
	t.Helper()
	c := pgtest.New(t)
	return cluster{c, c.Database(t)}
}
