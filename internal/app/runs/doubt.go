package runs

import (
	"context"
	"time"

	engine "github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Once is the one execution of a pipe with the label effect: once.
type Once = kept.Once

// Doubt is a run that ended because nobody knows whether a step of it that must not be repeated
// was carried out. Its JSON form is stable.
type Doubt struct {
	Run    string     `json:"run"`
	Runner string     `json:"runner"`
	Ticket string     `json:"ticket,omitempty"`
	Began  time.Time  `json:"began"` // the step
	Ended  *time.Time `json:"ended,omitempty"`
	Once
	IfNotDone string `json:"if_not_done"` // what to type, once somebody has found out
	IfDone    string `json:"if_done"`
}

func (d *Desk) doubt(r store.Run, e store.Effect) *Doubt {
	return &Doubt{
		Run: r.ID, Runner: r.Runner, Ticket: e.Ticket, Began: when(e.Created), Ended: moment(r.EndedAt), Once: kept.DecodeOnce(e),
		IfNotDone: engine.RetryCommand(r.ID), IfDone: engine.SkipCommand(r.ID),
	}
}

// doubts are the steps of which a person has to say whether they were carried out.
func (d *Desk) doubts(ctx context.Context) ([]Doubt, error) {
	list := []Doubt{}
	found, err := d.store.Runs(ctx, store.Filter{InDoubt: true, Limit: mostShown})
	if err != nil {
		return nil, d.failed("looking for what is in doubt", err)
	}
	for _, r := range found {
		l, err := d.store.Load(ctx, r.ID)
		if err != nil {
			return nil, d.failed("reading what is in doubt", err)
		}
		for _, e := range l.Effects {
			if e.State == store.Intent && (e.Operation == store.OpOnce || e.Operation == store.OpCreate) {
				list = append(list, *d.doubt(l.Run, e))
			}
		}
	}
	return list, nil
}
