package main_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// RUNS 35: what is at work in one state folder is not declared dead by a host in another
// one, on the same machine and with the same name, nor by a host in a copy of the folder.
func TestANeighborsSecondStateFolderIsNotReaped(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a folder of its own", "a copy of the folder"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := postgres(t)
			w := newWitness(t)
			id := w.add("x")[0]
			answer, sent := make(chan bool), make(chan bool)
			release, hit := sync.OnceFunc(func() { close(answer) }), sync.OnceFunc(func() { close(sent) })
			t.Cleanup(release)
			w.treats(func(q *request) treatment {
				if q.update() && q.Door == "first" {
					return treatment{hook: func() { hit(); <-answer }}
				}
				return treatment{}
			})
			config := writeFile(t, rowConfig(1, `timeout: PT50S, proxy: "${OTAI_DOOR}"`, allInOneStep+priorityStep))
			env := w.environment("OTAI_DATABASE_URL=" + database.url)
			first := live(t, append(slices.Clone(env), "OTAI_DOOR="+w.door("first")), "run", "-c", config)
			select {
			case <-sent:
			case <-time.After(patient):
				t.Fatal("nothing is sent")
			}
			second := w.environment("OTAI_DATABASE_URL="+database.url, "OTAI_DOOR="+w.door("second"))
			if name == "a copy of the folder" {
				if out, err := newCommand("cp", "-a", stateOf(env), stateOf(second)).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			neighbor := live(t, second, "run", "-c", config)
			other := w.add("y")
			w.wantSoon(other, whole)    // by the neighbor: the first one's only worker waits
			time.Sleep(3 * time.Second) // renewals of both
			about := func() int {
				return len(w.seen(func(q *request) bool { return q.Door == "second" && q.about(id) }))
			}
			if n := about(); n != 0 {
				t.Errorf("the neighbor sends %d requests about what the first one works at", n)
			}
			release()
			w.wantSoon([]string{id}, whole)
			time.Sleep(time.Second)
			if n := about(); n != 0 {
				t.Errorf("the neighbor sends %d requests about what the first one works at", n)
			}
			for _, l := range []*life{first, neighbor} {
				if strings.Contains(l.log.String(), `"level":"error"`) || strings.Contains(l.log.String(), "renew") {
					t.Errorf("one has lost what it held:\n%s", l.log)
				}
			}
			if n := count(t, database, "otai.host WHERE dead = 0"); n != 2 {
				t.Errorf("%d hosts live", n)
			}
		})
	}
}
