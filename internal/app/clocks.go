package app

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// The clocks of triggers go on in the worker that takes over, by the names of their runners: an
// hourly runner neither fires anew at each reload nor loses its turn.

// readClocks returns what the clocks show, for another worker.
func (a *Setup) readClocks(engine *orchestrator.Engine) []byte {
	names, owed, all := engine.Runners(), engine.Owed(), make(map[string]base.Clock)
	for path, clock := range a.clocks.Read() {
		runner, rest := runnerAt(names, path)
		clock.Due = clock.Due || slices.Contains(owed, runner)
		if runner != "" {
			all[names[runner]+rest] = clock
		}
	}
	content, err := json.Marshal(all)
	if err != nil {
		return nil
	}
	return content
}

// setClocks takes over what another worker has read.
func (a *Setup) setClocks(engine *orchestrator.Engine, content []byte) {
	var all map[string]base.Clock
	if json.Unmarshal(content, &all) != nil {
		return // there is nothing, or it is of another release
	}
	names := engine.Runners()
	for path := range a.clocks.Read() {
		runner, rest := runnerAt(names, path)
		if clock, known := all[names[runner]+rest]; known && runner != "" {
			a.clocks.Set(path, clock)
		}
	}
}

// runnerAt returns the path of the runner whose trigger is at path, and what path has behind that.
func runnerAt(names map[string]string, path string) (runner, rest string) {
	for at := range names {
		if rest, below := strings.CutPrefix(path, at+"."); below {
			return at, "\x1f" + rest
		}
	}
	return "", ""
}
