package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// beast is a kind of harm that a plugin's code does, as TestPackTheZoo of cmd/otai has packed it.
type beast struct {
	Kind, Moment, Does, Fate, Cause, Use, Folder, File string

	Path   string // one process opens one file of a path
	Quiet  bool   // no line has to name it
	Anyone bool   // it isn't known which plugin it was, only what happened
}

// named reports whether a line has the plugin's name, its file, and the cause.
func (b beast) named(line string) bool {
	if b.Anyone {
		return regexp.MustCompile(b.Cause).MatchString(line)
	}
	rest := strings.ReplaceAll(line, b.File, "")
	return rest != line && (strings.Contains(rest, b.Kind) || strings.Contains(rest, strings.TrimSuffix(b.File, ".so"))) && regexp.MustCompile(b.Cause).MatchString(rest)
}

// hostility is a service that meets hostile code.
type hostility struct {
	*machine
	sound   string // the configuration without any
	journal *journal
	load    *load
	mark    int            // where the journal was before the last start
	leaving []beast        // of what runs, those that do harm when it is ended
	tried   map[string]int // by what they do
}

// TestHostileCodeUnderTheUnit has the service run each kind of plugin code that does harm, under exactly the unit that
// is shipped, while tickets come in: it is named with its file and what it did, the tickets go on, each is
// changed once, and nothing is left running.
func TestHostileCodeUnderTheUnit(t *testing.T) {
	t.Parallel()
	zoo := filepath.Join(os.Getenv("OTAI_TEST_ZOO"), "code")
	dir, deb, _ := built(t)
	debian(t)
	text, err := os.ReadFile(filepath.Join(zoo, "list.json"))
	if err != nil {
		t.Skip("OTAI_TEST_ZOO names no folder with the zoo; `make test-system` makes it")
	}
	var list []beast
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	for n := range list {
		if b := &list[n]; b.Kind == "start-forbids-calls" {
			b.Fate, b.Quiet = "lives", true // the unit doesn't let it
		} else if slices.Contains([]string{"call-stops", "later-alarm", "later-crashes-in-c", "later-exits"}, b.Kind) {
			b.Anyone = true // there is no trace of it, or all plugins are in it, and tickets flow: what was at work is named
		}
	}
	m := boot(t, dir, "--bind-ro="+zoo+":/zoo")
	m.run("dpkg -i /packages/" + deb + "; " + configure + startDesk + "; printf '%s\\n' OTAI_PROBE_TIMEOUT=5s OTAI_STATE_DIR=/var/lib/otai >>/etc/otai/otai.env; systemctl start otai") // the second is what a beast knows the host by
	h := &hostility{machine: m, sound: m.configured(), journal: m.follow(), tried: map[string]int{}}
	h.load = m.loadOf(5)
	of := func(fates ...string) []beast {
		return slices.DeleteFunc(slices.Clone(list), func(b beast) bool { return !slices.Contains(fates, b.Fate) || apart(b) || b.Moment == "close" })
	}
	began := time.Now()
	step := func(what string) {
		t.Logf("%s: %s", what, time.Since(began).Round(time.Second))
		began = time.Now()
	}
	// At a reload nothing happens but that it fails.
	for _, b := range of("refuses") {
		h.prevents(b)
	}
	step("reloads that hostile code prevents")
	h.prevented(list[slices.IndexFunc(list, func(b beast) bool { return b.Kind == "start-exits" })])
	// At a start it is left out, where nothing needs it.
	for _, group := range together(of("without")) {
		h.start(group...)
		h.says(h.mark, "is left out", group)
	}
	step("starts without them")
	for _, group := range together(append(of("lives"), of("stops")...)) {
		h.start(group...)
		worker := h.worker()
		h.says(h.mark, "does its harm while others work", group)
		h.flows(group)
		if h.worker() != worker {
			t.Errorf("what a process survives has ended it")
		}
	}
	step("processes that live with them")
	for _, group := range h.groups(list) {
		h.start(group...)
		h.says(h.mark, "ends the process, or has it to itself", slices.DeleteFunc(slices.Clone(group), func(b beast) bool { return b.Moment == "close" }))
		h.ends(group)
		h.flows(group)
	}
	h.start() // which ends the last group
	step("processes that they end")
	s := h.service()
	if s["ActiveState"] != "active" || s["NRestarts"] != "0" || s["StatusText"] != "works" {
		t.Errorf("after all hostile code: %v", s)
	}
	h.load.end()
	h.until("only otai's own processes are left", func() bool { return h.processes() == 2 })
	h.run("systemctl stop otai")
	if s, n := h.service(), h.processes(); s["ActiveState"] != "inactive" || s["Result"] != "success" || n != 0 {
		t.Errorf("after the stop there are %d processes: %v", n, s)
	}
	for _, l := range h.journal.since(0) {
		for _, said := range []string{"left-over process", "Killing process", "remains running"} {
			if strings.Contains(l.Text, said) {
				t.Errorf("otai has left something for systemd: %s", l.Text)
			}
		}
	}
	sum := 0
	for _, n := range h.tried {
		sum += n
	}
	t.Logf("%d of %d kinds were tried: %v", sum, len(list), h.tried)
}

// late is for those that are named after a minute.
func late(b beast) bool { return strings.Contains(b.Cause, "not ended yet") }

// together are groups of those that one process can open. Those that are named late are in one.
func together(beasts []beast) (groups [][]beast) {
	soon := func(b beast) bool { return !late(b) }
	for _, b := range slices.Concat(slices.DeleteFunc(slices.Clone(beasts), soon), slices.DeleteFunc(slices.Clone(beasts), late)) {
		n := slices.IndexFunc(groups, func(group []beast) bool { return !shares(b, group) })
		if n < 0 {
			n, groups = len(groups), append(groups, nil)
		}
		groups[n] = append(groups[n], b)
	}
	return groups
}

// shares reports whether one can't be opened beside others.
func shares(b beast, others []beast) bool {
	return slices.ContainsFunc(others, func(other beast) bool { return other.Path == b.Path })
}

// apart is for what can't be judged beside others: it bounds the memory of the whole process, or keeps the processor.
func apart(b beast) bool {
	return slices.Contains([]string{"result-deep", "result-wide", "describe-labels"}, b.Kind)
}

// groups are those that end a process, or can't be judged beside others, so that each is seen: of one start, one that
// does harm 0.7 s after its service was started, one that does it a second after its first cycle, and one that
// does it when the process is ended.
func (h *hostility) groups(list []beast) (groups [][]beast) {
	var soon, alone, slow, ends []beast
	for _, b := range list {
		switch {
		case b.Moment == "close":
			ends = append(ends, b)
		case b.Fate != "restarts" && !apart(b):
		case slices.Contains([]string{"later-alarm", "later-crashes-in-c", "later-finalizer", "later-quits", "result-racing"}, b.Kind) || apart(b):
			alone = append(alone, b)
		case b.Moment == "later" && b.Kind != "latepanic":
			soon = append(soon, b)
		default:
			slow = append(slow, b)
		}
	}
	for _, b := range slices.Concat(alone, slow) {
		groups = append(groups, []beast{b})
	}
	add := func(beasts []beast, from int) {
		for _, b := range beasts {
			for n := from; ; n++ {
				if n == len(groups) {
					groups = append(groups, nil)
				}
				if group := groups[n]; !shares(b, group) && !slices.ContainsFunc(group, func(o beast) bool { return slices.Contains(beasts, o) }) {
					groups[n] = append(group, b)
					break
				}
			}
		}
	}
	add(soon, len(alone))
	add(ends, len(alone))
	return groups
}

// with is the configuration with some.
func (h *hostility) with(beasts ...beast) string {
	h.Helper()
	var services, runners strings.Builder
	limit, interval, folders := "PT1M", "PT1S", []string{"/usr/lib/otai/plugins"}
	for n, b := range beasts {
		if strings.HasSuffix(b.Kind, "block") || strings.HasSuffix(b.Kind, "blocks") {
			limit = "PT5S"
		}
		if folder := "/zoo/" + b.Folder; !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
		if b.Use != "nothing" {
			fmt.Fprintf(&services, "    s%d: { use: \"%s:S\" }\n", n, b.Kind)
		}
		act := fmt.Sprintf(`use: "%s:P"`, b.Kind)
		switch b.Use {
		case "nothing":
			continue
		case "search":
			act = fmt.Sprintf(`use: "base:FetchTicketsPipe", injects: { ticket_system: s%d }, params: { ticket_search_criteria: { limit: 1 } }`, n)
		}
		fmt.Fprintf(&runners, "        - { id: bad%d, use: \"base:SimpleSequentialRunner\", params: { \"on\": { use: \"base:IntervalTrigger\", params: { interval: %s } }, run: { id: act%d, %s } } }\n", n, interval, n, act)
	}
	const servicesAt, stepsAt = "\n  services:\n", "\n      steps:\n"
	text := replaced(h.T, h.sound, servicesAt, servicesAt+services.String())
	text = replaced(h.T, text, stepsAt, stepsAt+runners.String())
	return text + fmt.Sprintf("\n  infrastructure: { start_timeout: %s }\n  plugin_dirs: [%s]\n", limit, strings.Join(folders, ", "))
}

// prevents wants a reload that needs one to fail, and what works to go on.
func (h *hostility) prevents(b beast) {
	h.Helper()
	worker, mark := h.worker(), h.journal.mark()
	h.put(h.with(b))
	if out := h.try("systemctl reload otai 2>&1 && echo it did"); strings.Contains(out, "it did") {
		h.Errorf("%s (%s): a reload that needs it is done", b.Kind, b.Does)
		return
	}
	h.says(mark, "makes a reload fail", []beast{b})
	if h.worker() != worker {
		h.Errorf("%s (%s): the reload has cost the worker", b.Kind, b.Does)
	}
}

// prevented wants a start to fail that needs one, and not to be tried again; without it the service starts.
func (h *hostility) prevented(b beast) {
	h.Helper()
	h.put(h.with(b))
	h.run("! systemctl restart otai 2>/dev/null")
	if s := h.service(); s["ActiveState"] != "failed" || s["ExecMainStatus"] != "3" || s["NRestarts"] != "0" {
		h.Errorf("%s (%s): after a start that needs it: %v", b.Kind, b.Does, s)
	}
	h.start()
}

// start starts the service anew, with some. Those that do harm at the end of the one before are named.
func (h *hostility) start(beasts ...beast) {
	h.Helper()
	mark := h.journal.mark()
	h.put(h.with(beasts...))
	h.run("systemctl restart otai")
	h.says(mark, "does its harm when it is ended", h.leaving)
	h.leaving, h.mark = nil, mark
	for _, b := range beasts {
		if b.Moment == "close" {
			h.leaving = append(h.leaving, b)
		}
	}
}

// says waits until the journal names each since a mark.
func (h *hostility) says(mark int, what string, beasts []beast) {
	h.Helper()
	missing := slices.DeleteFunc(slices.Clone(beasts), func(b beast) bool { return b.Quiet })
	limit := time.Minute
	if slices.ContainsFunc(missing, late) {
		limit += time.Minute
	}
	for deadline := time.Now().Add(limit); len(missing) > 0 && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		lines := h.journal.since(mark)
		mark += len(lines)
		missing = slices.DeleteFunc(missing, func(b beast) bool {
			return slices.ContainsFunc(lines, func(l line) bool { return b.named(l.Text) })
		})
	}
	for _, b := range missing {
		h.Errorf("%s, which %s: no line has its name, its file and %q", b.Kind, b.Does, b.Cause)
	}
	h.tried[what] += len(beasts) - len(missing)
}

// ends waits until each that ends a process has ended one since the last start: which of them does it first is chance.
func (h *hostility) ends(group []beast) {
	h.Helper()
	want := 0
	for _, b := range group {
		if b.Fate == "restarts" {
			want++
		}
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		n := 0
		for _, l := range h.journal.since(h.mark) {
			if strings.Contains(l.Text, "the worker process died and is started again") {
				n++
			}
		}
		if n >= want {
			return
		}
		if time.Now().After(deadline) {
			h.Fatalf("%d processes have died of %v", n, group)
		}
	}
}

// flows waits until further tickets are changed.
func (h *hostility) flows(beside []beast) {
	h.Helper()
	mark, began := h.journal.mark(), time.Now()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		n := 0
		for _, l := range h.journal.since(mark) {
			if l.At.After(began) && strings.Contains(l.Text, `"message":"ticket changed"`) {
				n++
			}
		}
		if n >= 5 {
			return
		}
		if time.Now().After(deadline) {
			h.Fatalf("no ticket is changed beside %v", beside)
		}
	}
}
