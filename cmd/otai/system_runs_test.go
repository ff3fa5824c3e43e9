package main_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
)

// systemNumber is a size of the tests here, which the environment may change.
func systemNumber(name string, usual int) int {
	return chaosNumber("OTAI_TEST_SYSTEM_"+name, usual)
}

// The settings of the storm: nothing that the help desk does later than timeout and late
// after the beginning of a request is caused by it.
const (
	stormTimeout = 6 * time.Second
	stormLate    = 10 * time.Second
	stormSlowest = 4 * time.Second
)

const stormHead = `
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", timeout: PT6S, late: PT10S, articles: first }
orchestrator:
  params:
    orchestrator_sleep: PT0.05S
    exception_sleep: PT0.5S
    steps:
      - id: sort
        use: base:SimpleSequentialRunner
        params:
          retry: { first: PT1S }
          on: { use: base:IntervalTrigger, params: { interval: PT0.2S } }
          run:
            use: base:CompositePipe
            params:
              steps:
                - id: fetch
                  use: base:FetchTicketsPipe
                  injects: { ticket_system: desk }
                  params: { ticket_search_criteria: { queue: { name: Incoming }, fields: { StateType: [new, open] }, limit: LIMIT } }
`

const (
	stormOne = `
- id: ticket
  use: base:ExpressionPipe
  params: { expression: "{{ get_pipe_result('fetch', 'fetched_tickets')[0] if get_pipe_result('fetch', 'fetched_tickets') else fail('none') }}" }
`
	stormThree = `
- id: move
  use: base:UpdateTicketPipe
  injects: { ticket_system: desk }
  params: { ticket_id: "{{ get_pipe_result('ticket').id }}", updated_ticket: { queue: { name: IT } } }
- id: priority
  use: base:UpdateTicketPipe
  injects: { ticket_system: desk }
  params: { ticket_id: "{{ get_pipe_result('ticket').id }}", updated_ticket: { priority: { name: 4 high } } }
- id: note
  use: base:AddNotePipe
  injects: { ticket_system: desk }
  params: { ticket_id: "{{ get_pipe_result('ticket').id }}", note: { subject: Sorted, body: "by otai, {{ range(1000) | random }}" } }
`
	stormAll = `
- id: update
  use: base:UpdateTicketPipe
  injects: { ticket_system: desk }
  params:
    ticket_id: "{{ get_pipe_result('ticket').id }}"
    updated_ticket: { queue: { name: IT }, priority: { name: 4 high }, notes: [ { subject: Sorted, body: "by otai, {{ range(1000) | random }}" } ] }
`
	stormEach = `
- id: each
  use: base:ForEachPipe
  params:
    items: "{{ get_pipe_result('fetch', 'fetched_tickets') }}"
    workers: 4
    steps:
      - id: ticket
        use: base:ExpressionPipe
        params: { expression: "{{ get_parent_param('item') }}" }
`
)

func stormForm(form string) string {
	head := strings.TrimLeft(stormHead, "\n")
	one := strings.Replace(head, "LIMIT", "1", 1) + indented(stormOne, 16)
	switch form {
	case "three pipes":
		return one + indented(stormThree, 16)
	case "one update":
		return one + indented(stormAll, 16)
	case "ForEach":
		return strings.Replace(head, "LIMIT", "100", 1) + indented(stormEach, 16) + indented(stormAll, 22)
	}
	panic(form)
}

// storm is what is done to otai and to the help desk while tickets are worked at.
type storm struct {
	realDesk
	*rand.Rand
	form    string
	tickets int
	kills   int
	hosts   int

	ids      string
	updates  chan struct{} // one for each update that arrives at the help desk
	boss     string        // URL through which the updates are seen
	database string
	config   string
	states   []string
	runs     []*process
	killed   map[victim]int
	changed  map[string][]change // what people did, by ticket
}

// change is one of a person, with what otai had written to the ticket by then.
type change struct {
	kind  string // as in the history: Move, PriorityUpdate, StateUpdate, AddNote
	value string
	begun bool // or its intent was stored
}

func TestSystemAStormOfKillsLosesHalvesAndDoublesNothing(t *testing.T) {
	openDesk(t)
	for _, hosts := range []int{1, 2} {
		for _, form := range []string{"three pipes", "one update", "ForEach"} {
			t.Run(fmt.Sprintf("%d/%s", hosts, form), func(t *testing.T) {
				d := openDesk(t)
				s := &storm{
					realDesk: d, form: form, hosts: hosts,
					tickets: systemNumber("TICKETS", 300), kills: systemNumber("KILLS", 100),
				}
				seed := uint64(systemNumber("SEED", int(time.Now().Unix())))
				t.Logf("OTAI_TEST_SYSTEM_SEED=%d", seed)
				s.Rand = rand.New(rand.NewPCG(seed, 1))
				if hosts > 1 {
					s.database = pgtest.New(t).Database(t)
				}
				s.run()
			})
		}
	}
}

// door passes requests on to the help desk, and sees them. A request whose client is gone
// is carried out, as the help desk does it.
func (s *storm) door() {
	target, err := url.Parse(s.url)
	if err != nil {
		s.Fatal(err)
	}
	s.updates = make(chan struct{}, 10000)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host})
			if strings.HasSuffix(r.In.URL.Path, "ticket-update") {
				select {
				case s.updates <- struct{}{}:
				default:
				}
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) },
	}
	web := httptest.NewServer(proxy)
	s.Cleanup(web.Close)
	s.boss = web.URL + target.Path
}

func (s *storm) begin(n int) {
	env := append(environment(s.T, "OTOBO_URL="+s.boss, "OTAI_TEST_LEASE=3s"), "OTAI_OTOBO_ZNUNY_PASSWORD="+s.password, "OTAI_STATE_DIR="+s.states[n])
	if s.database != "" {
		env = append(env, "OTAI_DATABASE_URL="+s.database)
	}
	s.runs[n] = start(s.T, env, "run", "-c", s.config)
}

// strike kills a worker, its supervisor or both, and lets the host work again.
func (s *storm) strike(n int) {
	v := pickVictim(s.Rand, s.runs[n].cmd.Process)
	if v == theBoth {
		s.kill(n)
		s.begin(n)
		return
	}
	s.alive(n)
	s.killed[v]++
	old := s.runs[n]
	v.kill(old.cmd.Process)
	if v == theSupervisor {
		s.begin(n) // while the worker ends
		<-old.ended
		s.closed(n, old)
	}
}

func (s *storm) alive(n int) {
	select {
	case err := <-s.runs[n].ended:
		s.Fatalf("host %d ended by itself: %v\n%s", n, err, s.runs[n].log)
	default:
	}
}

// kill kills a host's worker and supervisor at once.
func (s *storm) kill(n int) {
	s.alive(n)
	s.killed[theBoth]++
	killAll(s.runs[n].cmd.Process)
	<-s.runs[n].ended
	s.closed(n, s.runs[n])
}

// closed looks through the log of a process that was killed.
func (s *storm) closed(n int, p *process) {
	if log := p.log.String(); strings.Contains(log, "panic: ") || strings.Contains(log, "DATA RACE") {
		s.Errorf("host %d:\n%s", n, log)
	}
	if dir := os.Getenv("OTAI_TEST_SYSTEM_LOGS"); dir != "" {
		f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("%s-%d-host%d.log", strings.ReplaceAll(s.form, " ", "-"), s.hosts, n)), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			fmt.Fprintf(f, "%s\n---- killed %s\n", p.log, time.Now().Format("15:04:05.000"))
			_ = f.Close()
		}
	}
}

func (s *storm) run() {
	s.fresh()
	s.do("rights", "full")
	s.ids = s.realDesk.tickets(strconv.Itoa(s.tickets))["open"]
	s.changed, s.killed = map[string][]change{}, map[victim]int{}
	s.door()
	dir := s.TempDir()
	s.config = filepath.Join(dir, "config.yml")
	if err := os.WriteFile(s.config, []byte(stormForm(s.form)), 0o600); err != nil {
		s.Fatal(err)
	}
	began := time.Now()
	for n := range s.hosts {
		s.states = append(s.states, filepath.Join(dir, fmt.Sprint("state", n)))
		s.runs = append(s.runs, nil)
		s.begin(n)
	}
	var acts []string
	for n := range s.kills {
		switch {
		case n%7 == 3:
			acts = append(acts, "slow")
		default:
			acts = append(acts, "kill")
		}
		if n%8 == 5 {
			acts = append(acts, "people")
		}
		if n%10 == 7 {
			acts = append(acts, "workers")
		}
	}
	s.Shuffle(len(acts), func(i, k int) { acts[i], acts[k] = acts[k], acts[i] })
	acts = slices.Insert(acts, len(acts)/3, "rights")
	counts := map[string]int{}
	for n, act := range acts {
		left := s.left()
		if left == 0 {
			s.Logf("all was done before act %d of %d", n, len(acts))
			break
		}
		counts[act]++
		s.wait(left * s.writes() / (len(acts) - n))
		s.act(act)
	}
	struck := time.Now()
	for s.left() > 0 && time.Since(struck) < 4*time.Minute {
		time.Sleep(time.Second)
	}
	s.Logf("killed: %v", s.killed)
	s.Logf("%d tickets, %v; %s, of which %s after the last act", s.tickets, counts, time.Since(began).Round(time.Second), time.Since(struck).Round(time.Second))
	time.Sleep(stormSlowest + stormLate) // in which a second note would come
	said, err := s.otai(0, "runs", "waiting")
	for _, p := range s.runs {
		p.stop(s.T)
	}
	s.judge()
	s.Logf("what waits (%v): %s", err, said)
}

func (s *storm) writes() int {
	if s.form == "three pipes" {
		return 3
	}
	return 1
}

// wait waits for some updates, and then for a moment by chance.
func (s *storm) wait(most int) {
	for len(s.updates) > 0 {
		<-s.updates
	}
	patience := time.After(20 * time.Second)
	for range 1 + s.IntN(max(1, 2*min(most, 20))) {
		select {
		case <-s.updates:
		case <-patience:
			return
		}
	}
	time.Sleep(time.Duration(s.IntN(300)) * time.Millisecond)
}

func (s *storm) act(what string) {
	switch what {
	case "kill":
		s.strike(s.IntN(s.hosts))
	case "slow":
		for len(s.updates) > 0 {
			<-s.updates
		}
		ms := 300 + s.IntN(int(stormSlowest.Milliseconds())-300)
		where := []string{"--before", "--middle", "--after"}[s.IntN(3)]
		s.do("slow", strconv.Itoa(ms), where)
		select {
		case <-s.updates:
		case <-time.After(8 * time.Second):
		}
		time.Sleep(time.Duration(s.IntN(ms+300)) * time.Millisecond)
		n := s.IntN(s.hosts)
		s.kill(n)
		if s.IntN(2) == 0 {
			s.do("kill-workers")
		}
		s.do("slow", "off")
		s.begin(n)
	case "workers":
		s.do("slow", "1500", []string{"--before", "--middle", "--after"}[s.IntN(3)])
		s.wait(1)
		s.do("kill-workers")
		s.do("slow", "off")
	case "rights":
		queue := []string{"IT", "Incoming"}[s.IntN(2)]
		s.do("rights", "none:"+queue)
		time.Sleep(time.Duration(1+s.IntN(4)) * time.Second)
		s.strike(s.IntN(s.hosts))
		time.Sleep(time.Duration(1+s.IntN(4)) * time.Second)
		s.do("rights", "rw:"+queue)
	case "people":
		// otai is down, so that what people do is between its reading and its next write.
		for n := range s.hosts {
			s.kill(n)
		}
		time.Sleep(3 * time.Second) // what has been sent is carried out
		s.people()
		for n := range s.hosts {
			s.begin(n)
		}
	}
}

// people change tickets: first those that otai has begun and not finished.
func (s *storm) people() {
	now := s.look()
	var half, fresh, done []string
	for _, id := range strings.Split(s.ids, ",") {
		t := now[id]
		switch {
		case len(s.changed[id]) > 0:
		case t.begun() && t.notes == 0:
			half = append(half, id)
		case t.begun():
			done = append(done, id)
		default:
			fresh = append(fresh, id)
		}
	}
	chosen := half
	for _, from := range [][]string{fresh, done} {
		s.Shuffle(len(from), func(i, k int) { from[i], from[k] = from[k], from[i] })
		chosen = append(chosen, from[:min(1, len(from))]...)
	}
	if len(fresh) > 0 { // of those that otai may have read
		slices.SortFunc(fresh, byNumber)
		if !slices.Contains(chosen, fresh[0]) {
			chosen = append(chosen, fresh[0])
		}
	}
	for _, id := range chosen[:min(len(chosen), 4)] {
		c := []change{{kind: "Move", value: "HR"}, {kind: "PriorityUpdate", value: "5 very high"}, {kind: "StateUpdate"}, {kind: "AddNote", value: "of a person"}}[s.IntN(4)]
		c.begun = now[id].begun() || s.intends(id)
		switch c.kind {
		case "Move":
			s.do("human", "move", id, c.value)
		case "PriorityUpdate":
			s.do("human", "prio", id, c.value)
		case "StateUpdate":
			s.do("human", "close", id)
		case "AddNote":
			s.do("human", "note", id, c.value)
		}
		s.changed[id] = append(s.changed[id], c)
	}
}

// intends reports whether otai has begun to write to a ticket, though the help desk doesn't
// show anything of it: the request never arrived, or died there. It is finished, but for
// what people do now.
func (s *storm) intends(id string) bool {
	var runs []struct{ ID, State string }
	said, err := s.otai(0, "runs", "list", "--ticket", id, "--json")
	if err == nil {
		err = json.Unmarshal([]byte(said), &runs)
	}
	if err != nil {
		s.Fatalf("%v: %s", err, said)
	}
	for _, r := range runs {
		if r.State == "ended" {
			continue
		}
		if said, err = s.otai(0, "runs", "show", r.ID, "--json"); err != nil {
			s.Fatalf("%v: %s", err, said)
		}
		var run struct{ Effects []struct{ State string } }
		if err := json.Unmarshal([]byte(said), &run); err != nil {
			s.Fatalf("%v: %s", err, said)
		}
		if len(run.Effects) > 0 && run.Effects[0].State == "intent" {
			return true
		}
	}
	return false
}

func byNumber(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) }

// left is how many tickets nobody has finished.
func (s *storm) left() (n int) {
	for id, t := range s.look() {
		if s.want(id, t) != "" {
			n++
		}
	}
	return n
}

// systemTicket is what the database of the help desk has of a ticket.
type systemTicket struct {
	queue, priority, state string
	notes, visible         int
	history                []struct {
		kind string
		ours bool
	}
}

func (t systemTicket) begun() bool {
	return slices.ContainsFunc(t.history, func(h struct {
		kind string
		ours bool
	},
	) bool {
		return h.ours
	})
}

func (d realDesk) look() map[string]*systemTicket {
	d.Helper()
	all := map[string]*systemTicket{}
	for line := range strings.Lines(d.do("sql", `select 't', t.id, q.name, p.name, s.name,
		(select count(*) from article a join article_data_mime m on m.article_id = a.id where a.ticket_id = t.id and m.a_subject like 'Sorted%'),
		(select count(*) from article a join article_data_mime m on m.article_id = a.id where a.ticket_id = t.id and m.a_subject like 'Sorted%' and a.is_visible_for_customer = 1)
		from ticket t join queue q on q.id = t.queue_id join ticket_priority p on p.id = t.ticket_priority_id join ticket_state s on s.id = t.ticket_state_id;
		select 'h', h.ticket_id, y.name, u.login from ticket_history h join ticket_history_type y on y.id = h.history_type_id join users u on u.id = h.create_by
		where u.login in ('open_ticket_ai', 'agent2') order by h.id`)) {
		f := strings.Split(strings.TrimSpace(line), "|")
		switch {
		case len(f) == 7 && f[0] == "t":
			notes, _ := strconv.Atoi(f[5])
			visible, _ := strconv.Atoi(f[6])
			all[f[1]] = &systemTicket{queue: f[2], priority: f[3], state: f[4], notes: notes, visible: visible}
		case len(f) == 4 && f[0] == "h" && all[f[1]] != nil:
			all[f[1]].history = append(all[f[1]].history, struct {
				kind string
				ours bool
			}{f[2], f[3] == "open_ticket_ai"})
		}
	}
	return all
}

// want says what the ticket still lacks, "" if nothing.
func (s *storm) want(id string, t *systemTicket) string {
	queue, priority, notes := "IT", "4 high", 1
	for _, c := range s.changed[id] {
		switch {
		case c.kind == "StateUpdate":
			return "" // the rest is left
		case c.kind == "Move":
			queue = c.value
			if !c.begun {
				priority, notes = "3 normal", 0
			}
		case c.kind == "PriorityUpdate" && c.begun:
			priority = c.value
		}
	}
	var lacks []string
	if t.queue != queue {
		lacks = append(lacks, "queue is "+t.queue+", not "+queue)
	}
	if t.priority != priority {
		lacks = append(lacks, "priority is "+t.priority+", not "+priority)
	}
	if t.notes < notes {
		lacks = append(lacks, "no note")
	}
	if t.notes > notes {
		lacks = append(lacks, fmt.Sprint(t.notes, " notes"))
	}
	return strings.Join(lacks, ", ")
}

// judge reads the database: what is lost, half done, doubled, and what of a person was undone.
func (s *storm) judge() {
	all := s.look()
	kinds := map[string]int{}
	for _, id := range slices.SortedFunc(maps.Keys(all), byNumber) {
		t := all[id]
		var bad []string
		add := func(kind string) { kinds[kind]++; bad = append(bad, kind) }
		lacks := s.want(id, t)
		times := map[string]int{}
		closed := false
		for _, h := range t.history {
			switch {
			case !h.ours && h.kind == "StateUpdate":
				closed = true
			case h.ours && closed:
				add("written after a person closed it")
			case h.ours:
				times[h.kind]++
			}
		}
		switch {
		case t.notes > 1 || times["AddNote"] > 1:
			add("doubled")
		case times["Move"] > 1 || times["PriorityUpdate"] > 1:
			add("changed twice")
		}
		if t.visible > 0 {
			add("visible to customers")
		}
		for _, c := range s.changed[id] {
			if c.kind == "Move" && t.queue != c.value || c.kind == "PriorityUpdate" && c.begun && t.priority != c.value || c.kind == "StateUpdate" && t.state == "new" {
				add("a person's change undone")
			}
		}
		if lacks != "" && len(bad) == 0 {
			if t.begun() {
				add("half done")
			} else {
				add("lost")
			}
		}
		if len(bad) > 0 {
			said, _ := s.otai(0, "runs", "list", "--ticket", id, "--json")
			s.Errorf("ticket %s: %s (%s); people: %+v; history: %v\n%s", id, strings.Join(bad, ", "), lacks, s.changed[id], t.history, said)
		}
	}
	people := map[string]int{}
	for _, changes := range s.changed {
		for _, c := range changes {
			people[fmt.Sprintf("%s, begun %v", c.kind, c.begun)]++
		}
	}
	s.Logf("of %d: lost %d, half done %d, doubled %d, changed twice %d, undone %d, after closing %d; people: %v",
		len(all), kinds["lost"], kinds["half done"], kinds["doubled"], kinds["changed twice"], kinds["a person's change undone"], kinds["written after a person closed it"], people)
}

func (s *storm) otai(n int, args ...string) (string, error) {
	more := []string{}
	if s.database != "" {
		more = append(more, "OTAI_DATABASE_URL="+s.database)
	}
	env := append(environment(s.T, append(more, "OTOBO_URL="+s.boss)...), "OTAI_OTOBO_ZNUNY_PASSWORD="+s.password, "OTAI_STATE_DIR="+s.states[n])
	return runOtai(s.T, env, append(args, "-c", s.config)...)
}
