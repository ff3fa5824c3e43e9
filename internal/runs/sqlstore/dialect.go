package sqlstore

import (
	"strings"
	"sync"
)

// Dialect is what differs between databases.
type Dialect struct {
	// Words replace {names} in statements: s the prefix of tables, i that of indexes, blob
	// the type of bytes, serial that of numbered ids, norowid a table's option, ends the
	// statement that makes the counter of ends, duefor the one that makes an index for
	// DueFor, nextend how the counter is counted in a statement, countend by one of its own
	// where that can't be, lastend how it is read, lock and skip how rows are locked, list
	// the rows of a JSON list (its argument follows in parentheses), now the clock, stamp the
	// clock as it is during a statement, must and
	// row what stands around a statement that must have a row, living and sending what has to
	// be true of the host $2 that stores something and that sends a request.
	Words map[string]string
	// Question marks instead of dollars before the numbers of arguments.
	Question bool
	// Leases: hosts are alive as long as they renew, and others may live at one time.
	Leases bool
	// Clock is the time where the database has none of its own: microseconds since 1970.
	Clock func() int64

	made sync.Map
}

// SQL is a statement in the dialect.
func (d *Dialect) SQL(statement string) string {
	if done, ok := d.made.Load(statement); ok {
		return done.(string)
	}
	pairs := make([]string, 0, 2*len(d.Words)+2)
	for name, word := range d.Words {
		pairs = append(pairs, "{"+name+"}", word)
	}
	out := strings.NewReplacer(pairs...).Replace(statement)
	if d.Question {
		out = strings.ReplaceAll(out, "$", "?")
	}
	d.made.Store(statement, out)
	return out
}
