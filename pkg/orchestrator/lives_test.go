package orchestrator_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// What a plugin does outside of calls counts as long as it lasts, also where nobody waits for it any more.
func TestBuildingStartingAndClosingCountAsLongAsTheyLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lives atomic.Int32
		var within []int32
		note := func() { within = append(within, lives.Load()) }
		s := &service{
			start: func(context.Context) error { note(); time.Sleep(90 * time.Second); return nil },
			end:   func(context.Context) error { note(); time.Sleep(time.Minute); return nil },
		}
		e, _, err := guarded(t, &world{}, step("a", "t:Behave", nil), map[string]*service{"s": s}, orchestrator.Options{
			Lives: func(plugin string) *atomic.Int32 {
				if plugin != "otai-bad" {
					t.Errorf("it is asked for %q", plugin)
				}
				return &lives
			},
		})
		if err != nil || lives.Load() != 0 {
			t.Fatalf("%d are counted: %v", lives.Load(), err)
		}
		runFor(t, e, 80*time.Second) // it was given up after a minute
		if lives.Load() != 1 {
			t.Errorf("%d are counted while a Start that was given up runs on", lives.Load())
		}
		if err := e.Close(); err == nil {
			t.Error("no Close is too long")
		}
		if got := lives.Load(); got < 1 {
			t.Errorf("%d are counted while a Close that was given up runs on", got)
		}
		time.Sleep(time.Hour)
		if got := lives.Load(); got != 0 || len(within) != 2 || within[0] < 1 || within[1] < 1 {
			t.Errorf("%d are counted in the end, %v at the beginnings", got, within)
		}
	})
}

// started is a service of a plugin that says when it is.
type started struct{ start func() }

func (s *started) Start(context.Context) error { s.start(); return nil }

type startedParams struct {
	Other api.Starter `inject:"other,optional"`
}

func TestThePluginThatIsNamedIsStartedAheadOfOthers(t *testing.T) {
	for first, want := range map[string]string{"": "a b d c", "otai-one": "a b d c", "otai-two": "d c a b", "otai-three": "d a b c"} {
		t.Run(first, func(t *testing.T) {
			var order []string
			r := registry.New(":")
			for _, plugin := range []string{"one", "two", "three"} {
				if err := r.Register("otai-"+plugin, plugin, api.AppConfig{}, []api.Injectable{
					api.NewService("S", "", func(_ startedParams, h api.Host) (*started, error) {
						return &started{func() { order = append(order, strings.TrimPrefix(h.Path(), "services.")) }}, nil
					}),
					api.NewService("Renderer", "", func(struct{}, api.Host) (renderer, error) { return renderer{}, nil }),
				}); err != nil {
					t.Fatal(err)
				}
			}
			var services []orchestrator.Service
			for _, s := range []struct{ id, plugin, needs string }{{"a", "one", ""}, {"b", "one", ""}, {"c", "two", "d"}, {"d", "three", ""}} {
				services = append(services, orchestrator.Service{ID: s.id, Use: s.plugin + ":S", Path: "services." + s.id})
				if s.needs != "" {
					services[len(services)-1].Injects = map[string]string{"other": s.needs}
				}
			}
			e, err := orchestrator.New(orchestrator.Definition{Services: services}, orchestrator.Options{Registry: r, DefaultRenderer: "one:Renderer"})
			if err != nil {
				t.Fatal(err)
			}
			if err := e.StartAhead(t.Context(), first); err != nil || strings.Join(order, " ") != want {
				t.Errorf("%q, want %q: %v", strings.Join(order, " "), want, err)
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
