package sqlite

import (
	"context"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// scanned are the tables that grow.
var scanned = regexp.MustCompile(`^SCAN (run|r|ticket|t|effect|e|step|document|decision|d|l)\b`)

var numbered = regexp.MustCompile(`\?(\d+)`)

// TestNoStatementOfATicketReadsAWholeTable: what a ticket costs doesn't grow with what is kept.
func TestNoStatementOfATicketReadsAWholeTable(t *testing.T) {
	s := openIn(t, t.TempDir())
	defer s.Close()
	ctx := context.Background()
	register(t, s)
	fill(t, s, 2000)
	_, err := s.db.writing.Exec("ANALYZE")
	must(t, err)
	before := maps.Clone(s.db.writer.conn.ready)
	ticketOfTen(t, s, "1")
	held := begin(t, s, "run", "2")
	for _, end := range []store.End{{State: store.Waiting, Reason: store.ReasonAside, DueAt: 1}, {State: store.Waiting, Reason: store.ReasonCause, Cause: "c"}} {
		_, err := s.Commit(ctx, store.Batch{
			Held: held, Rejection: &store.Rejection{Cause: "c", Ticket: "2"}, Success: []string{"c"}, Spawn: []store.Run{{ID: "item", Runner: "r", Hash: "i"}}, End: &end,
		})
		must(t, err)
		l, _, err := s.Take(ctx, host, "r", "h")
		must(t, err)
		held.Fence = l.Run.Fence
		_, _, err = s.ClaimOne(ctx, held, nil, l.Tickets[0])
		must(t, err)
	}
	_, err = s.TryCause(ctx, "c")
	must(t, err)
	_, err = s.Fire(ctx, host, "tick", 1)
	must(t, err)
	for statement := range s.db.writer.conn.ready {
		words := strings.Fields(statement)
		switch words[0] {
		case "SELECT", "UPDATE", "INSERT", "DELETE", "WITH":
		default:
			continue
		}
		if before[statement] != nil {
			continue // of a start
		}
		arguments := 0
		for _, n := range numbered.FindAllStringSubmatch(statement, -1) {
			number, _ := strconv.Atoi(n[1])
			arguments = max(arguments, number)
		}
		rows, err := s.db.reading.Query("EXPLAIN QUERY PLAN "+statement, make([]any, arguments)...)
		must(t, err)
		for rows.Next() {
			var id, parent, unused int
			var detail string
			must(t, rows.Scan(&id, &parent, &unused, &detail))
			if scanned.MatchString(detail) {
				t.Errorf("%s\n%s", strings.Join(words, " "), detail)
			}
		}
		must(t, rows.Err(), rows.Close())
	}
}
