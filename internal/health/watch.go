package health

import (
	"context"
	"time"
)

// Log writes about runners, given by their paths: that one is stuck since then, or that it isn't, and when a run or an item of
// it last ended well. Both methods are called again and again, where they say nothing new, too.
type Log interface {
	Stuck(path string, since time.Time, why, do string)
	Flows(path string, good time.Time)
}

// watchEach is how often it is looked whether a runner is stuck.
const watchEach = 5 * time.Second

// Watch reports to the log which runners are stuck, until ctx ends: what a person sees who asks has to be found in
// the log, too, also where no step has failed. Of reasons that are said where they are found it says nothing.
func Watch(ctx context.Context, facts func(context.Context) Facts, log Log) {
	tick := time.NewTicker(watchEach)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		report(Judge(facts(ctx)), log)
	}
}

func report(r Report, log Log) {
	for _, p := range r.Parts {
		if p.Kind != KindRunner || p.Said {
			continue
		}
		switch p.State { //nolint:exhaustive // of one that is paused, or waits for a service, nothing is known
		case Stuck:
			log.Stuck(p.About, p.Since, p.Why, p.Do)
		case Working, Fails:
			log.Flows(p.About, p.good)
		}
	}
}
