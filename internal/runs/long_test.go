package runs

import (
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

func TestWhichStepsHaveNotEndedIsInTheStoreAsLongAsTheirProcessSaysSo(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		known := func(want int) []store.LongCall {
			t.Helper()
			calls, err := store.LongCalls(t.Context(), d.store)
			if err != nil || len(calls) != want {
				t.Fatalf("%v, %v, want %d", calls, err, want)
			}
			return calls
		}
		known(0)
		call := orchestrator.LongCall{Path: "orchestrator.params.steps[0]", Plugin: "otai-slow", File: "otai_slow.so", Step: "wait", Took: time.Minute}
		d.engine.KeepLong(t.Context(), []orchestrator.LongCall{call})
		if err := store.SetLongCalls(t.Context(), d.store, "another", []store.LongCall{{Host: "another", Seen: time.Now().UnixMicro()}}); err != nil {
			t.Fatal(err)
		}
		own := known(2)[0]
		if own.Plugin != "otai-slow" || own.Host != d.engine.hostID() || own.Seen-own.Began != time.Minute.Microseconds() {
			t.Errorf("kept %+v", own)
		}
		time.Sleep(20 * time.Second)
		d.engine.KeepLong(t.Context(), []orchestrator.LongCall{call})
		time.Sleep(20 * time.Second)
		known(1) // nothing is heard of the other process
		d.engine.KeepLong(t.Context(), nil)
		known(0)
	})
}
