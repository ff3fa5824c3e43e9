package supervise

import (
	"cmp"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// mayBeBetterLater reports whether a worker could not begin what another one had done here.
func (s *supervisor) mayBeBetterLater(c *child) bool {
	if s.Once || s.asked != 0 || !s.worked || c.ready || *c.exit == 0 {
		return false
	}
	return *c.exit == s.Temporary || *c.exit == s.Refused && changedWithin(s.path, cmp.Or(s.unpacks, unpacking))
}

// unpacking is how long the files of a package may be of two releases: the new one's plugins aren't
// there when its binary is, or only half of one.
const unpacking = time.Minute

// changedWithin reports whether a file was put where it is, or written to, in the last so long.
func changedWithin(path string, last time.Duration) bool {
	var stat unix.Stat_t
	if unix.Stat(path, &stat) != nil {
		return true
	}
	age := time.Since(time.Unix(stat.Ctim.Unix()))
	return age >= 0 && age < last
}

// rememberReady notes which plugins were open when the work began.
func (s *supervisor) rememberReady(c *child) {
	if s.folder == "" || len(c.plugins) == 0 {
		return
	}
	now := time.Now()
	if m, err := crashes.Recall(s.folder); err == nil {
		isNew := false
		for _, p := range c.plugins {
			known := m.Plugins[p.SHA256]
			isNew = isNew || known == nil || known.Ready.IsZero()
		}
		if !isNew {
			return
		}
	}
	err := crashes.Change(s.folder, func(m *crashes.Memory) {
		for _, p := range c.plugins {
			if known := m.Of(p); known.Ready.IsZero() {
				known.Ready = now
			}
		}
	})
	if err != nil {
		s.log().Warn("it can't be kept which plugins have worked", "err", err.Error())
	}
}

// rest waits before the next worker, unless somebody asks for a reload, which that will be. It
// reports false where the end is asked for.
func (s *supervisor) rest(pause time.Duration) bool {
	if pause > 0 {
		s.Manager.Status("the worker process has ended; another one is started in " + pause.String())
	}
	s.View.change(func(v *Snapshot) { v.Until = time.Now().Add(pause) })
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for s.asked == 0 {
		select {
		case sig := <-s.signals.came:
			if s.answer(sig); len(s.reload.wanted) > 0 {
				return true
			}
		case r := <-s.Reloads:
			s.want(r)
			return true
		case <-s.signals.childEnded:
			s.reapOrphans()
		case <-s.looks:
			s.Manager.Alive()
		case <-timer.C:
			return true
		}
	}
	return false
}
