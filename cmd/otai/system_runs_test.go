package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
)

// realRuns is a form of the chaos for a real help desk, whose updates may take long.
func realRuns(form string) string {
	return chaosForms[form] + `
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", timeout: PT5S, late: PT5S }
`
}

// TestSystemRunsSurviveKillsOfBothSides: processes of otai are killed while workers of the
// help desk are slow and killed, too. What counts is in the help desk's database.
func TestSystemRunsSurviveKillsOfBothSides(t *testing.T) {
	for _, c := range []struct {
		form  string
		hosts int
	}{{"three pipes", 1}, {"one update", 2}} {
		t.Run(fmt.Sprintf("%s, %d hosts", c.form, c.hosts), func(t *testing.T) {
			d := openDesk(t)
			var database string
			if c.hosts > 1 {
				database = pgtest.New(t).URL("postgres")
			}
			d.fresh()
			d.do("rights", "full")
			tickets, kills := systemNumber("TICKETS", 300), systemNumber("KILLS", 100)
			ids := d.tickets(strconv.Itoa(tickets))["open"]
			config := writeFile(t, realRuns(c.form))
			hosts := make([]*life, c.hosts)
			envs := make([][]string, c.hosts)
			for n := range hosts {
				envs[n] = environment(t, "OTOBO_URL="+d.url, "OTAI_OTOBO_ZNUNY_PASSWORD="+d.password)
				if database != "" {
					envs[n] = append(envs[n], "OTAI_DATABASE_URL="+database, "OTAI_TEST_LEASE=3s")
				}
				hosts[n] = live(t, envs[n], "run", "-c", config)
			}
			var changed []string // by a person, behind otai
			for n := range kills {
				time.Sleep(time.Duration(200+rand.IntN(900)) * time.Millisecond)
				switch n % 10 {
				case 3:
					d.do("slow", "--middle", "3000")
					time.Sleep(time.Second)
					d.do("kill-workers")
					d.do("slow", "off")
				case 6:
					d.do("slow", "--after", "7000", "--op", "TicketUpdate")
					time.Sleep(time.Second)
					d.do("slow", "off")
				case 9:
					if done := d.handled(ids, changed); done != "" {
						d.do("human", "prio", done, "5 very high")
						changed = append(changed, done)
					}
				}
				k := rand.IntN(len(hosts))
				hosts[k].kill()
				hosts[k] = live(t, envs[k], "run", "-c", config)
			}
			for deadline := time.Now().Add(5 * time.Minute); d.count("Sorted", ids).Notes.Done < tickets && time.Now().Before(deadline); {
				time.Sleep(time.Second)
			}
			time.Sleep(12 * time.Second) // in which what may still be at work would end
			for _, h := range hosts {
				h.end(t)
			}
			count := d.count("Sorted", ids)
			n := count.Notes
			t.Logf("%d tickets, %d kills: %d done, %d doubled, %d moved without note, %d waiting; priorities %v; %d changed by a person",
				tickets, kills, n.Done, len(n.Doubled), len(n.MovedWithoutNote), n.Waiting, count.Priorities, len(changed))
			if n.Done != tickets || len(n.Doubled)+len(n.MovedWithoutNote)+len(n.NotedNotMoved)+len(n.Visible) > 0 {
				t.Errorf("%+v", n)
			}
			if count.Priorities["5 very high"] != len(changed) || count.Priorities["4 high"] != tickets-len(changed) {
				t.Errorf("priorities %v, want %d by a person and the others by otai", count.Priorities, len(changed))
			}
		})
	}
}

// handled is a ticket that otai has done with and no person has changed.
func (d realDesk) handled(ids string, not []string) string {
	d.Helper()
	list := strings.Fields(d.do("sql", fmt.Sprintf(`select t.id from ticket t join queue q on q.id = t.queue_id join ticket_priority p on p.id = t.ticket_priority_id
		where t.id in (%s) and q.name = 'IT' and p.name = '4 high' and exists (select 1 from article a join article_data_mime m on m.article_id = a.id where a.ticket_id = t.id and m.a_subject like 'Sorted%%') order by t.id`, ids)))
	for _, id := range list {
		if !strings.Contains(" "+strings.Join(not, " ")+" ", " "+id+" ") {
			return id
		}
	}
	return ""
}

func systemNumber(name string, usual int) int {
	return chaosNumber("OTAI_TEST_SYSTEM_"+name, usual)
}

// TestSystemThroughput compares a loop of 4 workers with a script that sends the same
// requests over 4 connections, in turns.
func TestSystemThroughput(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	d.do("rights", "full")
	n := systemNumber("TICKETS", 300) / 3
	config := writeFile(t, strings.Replace(forEach(allFetched, itemStep+sortStep), "limit: 100", "limit: "+strconv.Itoa(n), 1))
	var script, otai time.Duration
	var cpu time.Duration
	for range 3 {
		ids := d.tickets(strconv.Itoa(n))["open"]
		began := time.Now()
		d.sendAll(ids, 4)
		script += time.Since(began)

		ids = d.tickets(strconv.Itoa(n))["open"]
		env := environment(t, "OTOBO_URL="+d.url, "OTAI_OTOBO_ZNUNY_PASSWORD="+d.password)
		l := live(t, env, "run", "--until-empty", "-c", config)
		for !strings.Contains(l.log.String(), "otai runs") {
			time.Sleep(5 * time.Millisecond)
		}
		began = time.Now()
		<-l.ended
		otai += time.Since(began)
		cpu += l.ProcessState.UserTime() + l.ProcessState.SystemTime()
		if c := d.count("Sorted", ids).Notes; c.Done != n {
			t.Errorf("%+v", c)
		}
	}
	ratio := script.Seconds() / otai.Seconds()
	t.Logf("script %.1f tickets/s, otai %.1f (%.1f ms of CPU a ticket), ratio %.2f", float64(3*n)/script.Seconds(), float64(3*n)/otai.Seconds(), cpu.Seconds()*1e3/float64(3*n), ratio)
	if ratio < 0.9 {
		t.Errorf("otai reaches %.2f of the script's rate, want 0.90", ratio)
	}
}

// sendAll does with tickets what otai does: a search, a reading of all, an update of each.
func (d realDesk) sendAll(ids string, connections int) {
	d.Helper()
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	ask := func(route string, m map[string]any) {
		m["UserLogin"], m["Password"] = otaiLogin, d.password
		body, err := json.Marshal(m)
		if err != nil {
			d.Error(err)
			return
		}
		resp, err := client.Post(d.url+"/Webservice/OpenTicketAI/"+route, "application/json", bytes.NewReader(body))
		if err != nil {
			d.Error(err)
			return
		}
		defer resp.Body.Close()
		if out, err := io.ReadAll(resp.Body); err != nil || bytes.Contains(out, []byte(`"Error"`)) {
			d.Errorf("%s: %s, %v", route, out, err)
		}
	}
	list := strings.Split(ids, ",")
	ask("ticket-search", map[string]any{"Queues": []string{"Incoming"}, "Limit": len(list)})
	ask("ticket-get", map[string]any{"TicketID": ids, "AllArticles": 1, "DynamicFields": 1})
	work := make(chan string)
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			for id := range work {
				ask("ticket-update", map[string]any{
					"TicketID": id, "Ticket": map[string]any{"Queue": "IT"},
					"Article": map[string]any{"Subject": "Sorted", "Body": "by otai", "ContentType": "text/plain; charset=utf-8", "SenderType": "agent", "IsVisibleForCustomer": 0, "CommunicationChannel": "Internal", "NoAgentNotify": 1},
				})
			}
		})
	}
	for _, id := range list {
		work <- id
	}
	close(work)
	wg.Wait()
}
