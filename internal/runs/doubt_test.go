package runs

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/record"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// TestARunInDoubtAboutNoTicketIsNamedWithWhatToType: its process died beside a pipe with effect:
// once that has no id, and no ticket was fetched.
func TestARunInDoubtAboutNoTicketIsNamedWithWhatToType(t *testing.T) {
	for name, c := range map[string]struct {
		dies bool
		err  error
	}{"its process died": {dies: true}, "its answer says nothing": {err: errors.New("broken pipe")}} {
		t.Run(name, func(t *testing.T) {
			inDesk(t, func(t *testing.T, d *desk) {
				s := orchestrator.Step{
					Key: "065e351eb4be2b14537c7c81f4b5084c", Path: "orchestrator.params.steps[0].params.run", Name: "mail:SendPipe",
					Use: "mail:SendPipe", Plugin: "otai-mail", File: "/p/otai_mail.so", Params: "p", Effect: effectOnce,
				}
				r := d.begin()
				_, err := r.Step(t.Context(), s, func(context.Context) (api.PipeResult, error) {
					if c.dies {
						d.die()
					}
					return api.PipeResult{}, c.err
				})
				if c.dies {
					r = d.next(d.place)
					_, err = r.Step(t.Context(), s, sent)
				}
				_ = r.End(t.Context(), api.PipeResult{}, err)
				id := r.row.ID
				for _, said := range []string{
					"a step that must not be repeated was interrupted", "run=" + id + " runner=sort step=mail:SendPipe", "plugin=otai-mail", "file=/p/otai_mail.so",
					"path=" + s.Path, `if_not_done="otai runs retry ` + id + `"`, `if_done="otai runs retry ` + id + ` --skip-step"`,
				} {
					if d.log.count(said) != 1 {
						t.Errorf("the log doesn't say %q once:\n%s", said, d.log.b.String())
					}
				}
				if d.log.count("ticket=") != 0 {
					t.Errorf("a ticket is named:\n%s", d.log.b.String())
				}
				doubts := d.runs(store.Filter{InDoubt: true})
				if len(doubts) != 1 || doubts[0].ID != id || doubts[0].Outcome != store.Dead {
					t.Fatalf("in doubt: %+v", doubts)
				}
				want := kept.Once{Step: s.Name, Use: s.Use, Plugin: s.Plugin, File: s.File, Path: s.Path}
				if got := kept.DecodeOnce(d.loaded(id).Effects[0]); got != want {
					t.Errorf("kept is %+v", got)
				}
				retry := func(a store.RequestArgs) string {
					args, _ := json.Marshal(a)
					answer, err := Execute(t.Context(), d.store, record.Maker{}, store.Request{Verb: store.VerbRetry, Args: args})
					if err != nil {
						t.Fatal(err)
					}
					return answer
				}
				if answer := retry(store.RequestArgs{All: true}); !strings.HasPrefix(answer, "0 tried again") || !strings.Contains(answer, "1 in doubt stay as they are") {
					t.Error(answer)
				}
				if answer := retry(store.RequestArgs{Runs: []string{id}, SkipStep: true}); answer != "1 tried again" {
					t.Error(answer)
				}
				counts, err := d.store.Counts(t.Context())
				if err != nil || counts.Waiting[store.ReasonAsked] != 1 || counts.Waiting[store.ReasonAside] != 0 {
					t.Errorf("it waits for %v, %v", counts.Waiting, err)
				}
			})
		})
	}
}

// TestALineWithACureNamesItsRun: what is to be typed works as it stands there.
func TestALineWithACureNamesItsRun(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.place.Retry.Attempts = 1
		d.process("1", rejects("c", "1"))
		id := d.runs(store.Filter{})[0].ID
		for _, said := range []string{`see="otai runs show ` + id + `"`, `once_it_can_succeed="otai runs retry ` + id + `"`} {
			if d.log.count(said) != 1 {
				t.Errorf("the log doesn't say %q once:\n%s", said, d.log.b.String())
			}
		}
		if answer := d.ask(store.VerbRetry, store.RequestArgs{Runs: []string{id}}); answer != "1 tried again" {
			t.Error(answer)
		}
	})
}
