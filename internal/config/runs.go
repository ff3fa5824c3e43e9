package config

import (
	"net/url"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Runs says where runs are kept, and for how long.
type Runs struct {
	Database string // URL of a PostgreSQL, a secret; "": a file in the state folder
	Schema   string // of that PostgreSQL
	PollOnly bool   // it is behind a pooler of transactions
	Keep     time.Duration
}

// DatabaseVariable is the variable of the environment, or of .env, that gives
// infrastructure.runs.database. It wins over the files and over OTAI__INFRASTRUCTURE__….
const DatabaseVariable = "OTAI_DATABASE_URL"

// The values of what isn't given.
const (
	// DefaultRunsSchema is the schema of the database.
	DefaultRunsSchema = "otai"

	defaultKeep  = 30 * 24 * time.Hour
	shortestKeep = time.Hour // what has ended answers whether a note is otai's own

	defaultKeepDecisions = 400 * 24 * time.Hour
)

// Decisions says what is kept of what was decided about tickets.
type Decisions struct {
	Keep     time.Duration // for how long
	KeepText bool          // titles, and what was classified, too
}

func (d decoder) decisions(f field) Decisions {
	d.keys(f, vocabulary.DecisionsKeys)
	out := Decisions{Keep: defaultKeepDecisions}
	if b := d.boolean(f.key("keep_text")); b != nil {
		out.KeepText = *b
	}
	if keep := f.key("keep"); !keep.isEmpty() && !d.unknown(keep) {
		var err error
		if out.Keep, err = params.ParseDuration(plain(keep.Node)); err != nil || out.Keep <= 0 {
			d.diags.ReportError(keep.At, keep.path(), "bad-value", "write a time such as P400D or P30D", "this is not a time for which decisions can be kept")
		}
	}
	return out
}

var schemaName = lazyregexp.New(vocabulary.DatabaseSchemaPattern)

func (d decoder) runs(f field) Runs {
	d.keys(f, vocabulary.RunsKeys)
	out := Runs{Database: strings.TrimSpace(d.text(f.key("database"))), Schema: d.text(f.key("schema")), Keep: defaultKeep}
	if database := f.key("database"); out.Database != "" && !d.unknown(database) && !isDatabaseURL(out.Database) {
		d.diags.ReportError(database.At, database.path(), "bad-value", "write postgres://USER:PASSWORD@HOST:5432/DATABASE, or remove it: runs are kept in the state folder then", "this is not the URL of a PostgreSQL database")
	}
	if b := d.boolean(f.key("poll_only")); b != nil {
		out.PollOnly = *b
	}
	if out.Schema == "" {
		out.Schema = DefaultRunsSchema
	}
	if schema := f.key("schema"); !schemaName.MatchString(out.Schema) && !d.unknown(schema) {
		d.diags.ReportError(schema.At, schema.path(), "bad-value", "write a name in lower case, such as "+DefaultRunsSchema, "%q can't be the name of a schema", out.Schema)
	}
	if keep := f.key("keep"); !keep.isEmpty() && !d.unknown(keep) {
		var err error
		switch out.Keep, err = params.ParseDuration(plain(keep.Node)); {
		case err != nil:
			d.diags.ReportError(keep.At, keep.path(), "bad-value", "write a time such as P30D or PT12H", "this is not a time for which runs can be kept")
		case out.Keep < shortestKeep:
			d.diags.ReportError(keep.At, keep.path(), "bad-value", "write PT1H at least", "runs must be kept longer, because a repeated write is recognized by them")
		}
	}
	return out
}

// unknown is true for a value with a variable that isn't set, which is reported.
func (d decoder) unknown(f field) bool { return d.unset[f.path().String()] }

func isDatabaseURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") && u.Opaque == ""
}

// addDatabase lets OTAI_DATABASE_URL win over what files and other variables give.
func (l *layers) addDatabase(environment, dotEnv map[string]string) {
	for _, variables := range []map[string]string{environment, dotEnv} {
		if value := variables[DatabaseVariable]; value != "" {
			l.addVariable(DatabaseVariable, []string{"infrastructure", "runs", "database"}, value)
			return
		}
	}
}

// learnDatabase keeps the URL of the database out of messages, as a whole and its
// password wherever that stands alone.
func (s *secrets) learnDatabase(address string) {
	if address == "" {
		return
	}
	s.Add(address)
	s.Add(LoginPassword(address))
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	password, _ := u.User.Password()
	s.Add(password)
	for _, name := range []string{"password", "sslpassword"} {
		s.Add(u.Query().Get(name))
	}
}
