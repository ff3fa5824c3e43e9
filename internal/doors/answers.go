package doors

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/health"
	"github.com/open-ticket-ai/otai/internal/metrics"
	"github.com/open-ticket-ai/otai/internal/supervise"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// workerPatience is how long the worker is waited for: who asks waits for two seconds at most.
const workerPatience = 1200 * time.Millisecond

// Report says how otai is.
func (d *Doors) Report(ctx context.Context) health.Report {
	ctx, cancel := context.WithTimeout(ctx, workerPatience)
	defer cancel()
	answer, err := d.o.View.Ask(ctx, health.Question, nil)
	var r health.Report
	if err == nil {
		if err = json.Unmarshal(answer, &r); err != nil {
			err = fmt.Errorf("the worker's answer can't be read: %w", err)
		}
	}
	r.Version, r.Time = d.o.Version, time.Now()
	state := d.o.View.Snapshot()
	if r.Worker = state.Build; state.Stays != "" {
		r.Add(supervisor(r.Version, state))
	}
	r.Add(worker(state, err, r.Time))
	switch {
	case state.InUse != nil:
		r.Add(inUse(*state.InUse))
	case !state.Reload.Time.IsZero():
		r.Add(configuration(state.Reload))
	}
	d.mu.Lock()
	o, wrong := d.outside, d.wrong
	d.mu.Unlock()
	if o != nil && o.to.Listen != "" {
		p := health.Part{Kind: health.KindDoor, Name: o.to.Listen, State: health.Working}
		if wrong != nil {
			p.State, p.Why, p.Do = health.Fails, wrong.Error(), "it is tried again each 10 s"
		} else if why, do := o.certificate.trouble(r.Time); why != "" {
			p.State, p.Why, p.Do = health.Fails, why, do
		}
		r.Add(p)
	}
	return r
}

// supervisor is one that couldn't become what its worker is, which harms nothing.
func supervisor(version string, s supervise.Snapshot) health.Part {
	build := cmp.Or(s.Build, "an earlier release")
	return health.Part{
		Kind: health.KindSupervisor, State: health.Fails, Since: s.Since, Why: "it is still of otai " + version + ", and the worker process is of " + build + ": " + s.Stays,
		Do: "nothing is at stake; a restart, when it suits, makes both the same: systemctl restart otai",
	}
}

// configuration is what became of the last reload. One that failed has changed nothing.
func configuration(last supervise.ReloadOutcome) health.Part {
	p := health.Part{Kind: health.KindConfiguration, State: health.Working, Since: last.Time, About: "reloaded"}
	if !last.OK {
		p.State, p.About, p.Why, p.Do = health.Fails, "", "the last reload changed nothing: "+last.Reason, "correct it and run `otai reload --wait`"
	}
	return p
}

// inUse is what works instead of what is there. What worked before goes on without any
// harm; a start was meant to bring what is there.
func inUse(u supervise.InUse) health.Part {
	p := health.Part{Kind: health.KindConfiguration, State: health.Fails, Since: u.Since, Do: "correct it and run `otai reload --wait`"}
	of := u.Of.Local().Format(time.DateTime)
	if u.Before {
		p.Why = "what worked on " + of + " goes on, since what is there now can't be used: " + u.Reason
		return p
	}
	p.Blocks, p.Why = true, "the last good configuration, of "+of+", is in use, since the one that is there is wrong: "+u.Reason
	return p
}

// worker is the worker process as the supervisor sees it. err is why it gave no answer.
func worker(s supervise.Snapshot, err error, now time.Time) health.Part {
	p := health.Part{Kind: health.KindWorker, State: health.Working, Since: s.Since}
	if s.Restarts > 0 {
		p.About = restarts(s.Restarts)
	}
	switch {
	case s.Worker == 0:
		p.State, p.Blocks, p.Why = health.Failed, true, "there is no worker process"
		if s.Death != nil {
			p.Why = died(*s.Death)
		}
		p.Do = "another one is started"
		if wait := s.Until.Sub(now).Round(time.Second); wait > 0 {
			p.Do += " in " + wait.String()
		}
		return p
	case !s.Ready:
		p.State, p.Blocks = health.Starting, true
		p.Why = strings.TrimSpace(s.Stage + " " + s.At)
	case err != nil && !errors.Is(err, supervise.ErrUnknownQuestion):
		p.State, p.Blocks, p.Since = health.Stuck, true, time.Time{} // it may have answered until just now
		p.Why = "it doesn't answer"
		p.Do = "it is ended and replaced after 30 s without a sign of life"
	}
	about := fmt.Sprintf("pid %d, ", s.Worker)
	if s.Build != "" {
		about += "otai " + s.Build + ", "
	}
	p.About = strings.TrimSuffix(about+p.About, ", ")
	if s.Death != nil {
		p.About += ", the last time: " + died(*s.Death)
	}
	return p
}

// ownMetrics are what the supervisor counts.
func (d *Doors) ownMetrics() string {
	s := d.o.View.Snapshot()
	report := d.judged.get(func() health.Report { return d.Report(context.Background()) })
	current := true
	for _, p := range report.Parts {
		current = current && (p.Kind != health.KindConfiguration || p.State == health.Working)
	}
	var b strings.Builder
	own := []*metrics.Metric{
		one(metrics.Gauge, "otai_ready", "Whether otai does its work: 1, or 0 as otai status explains.", truth(report.Ready)),
		one(metrics.Gauge, "otai_worker_up", "Whether there is a worker process that works.", truth(s.Ready)),
		one(metrics.Counter, "otai_worker_restarts_total", "Worker processes that died and were replaced.", float64(s.Restarts)),
		one(metrics.Gauge, "otai_configuration_current", "Whether the configuration in force is the one in the files: 0 after a reload that failed, and while the last good one is used.", truth(current)),
		one(metrics.Gauge, "otai_start_time_seconds", "When the supervisor began, in seconds since 1970.", float64(s.Began.Unix())),
	}
	_ = metrics.Write(&b, own...) // it takes all
	return b.String()
}

// one is a metric that has one value.
func one(kind metrics.Kind, name, help string, value float64) *metrics.Metric {
	m := metrics.New(kind, name, help)
	m.Set(value)
	return m
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func restarts(n int) string {
	if n == 1 {
		return "replaced once"
	}
	return fmt.Sprintf("replaced %d times", n)
}

// died leaves out the cause, of which only a worker knows what of it is secret.
func died(d crashes.Death) string {
	text := fmt.Sprintf("it died at %s by %s while %s", d.Time.Local().Format(time.DateTime), d.How, strings.TrimSpace(d.Stage+" "+d.At))
	if d.Plugin != nil {
		text += ", put down to the plugin " + d.Plugin.Name
	}
	return text
}
