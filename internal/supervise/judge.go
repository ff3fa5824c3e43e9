package supervise

import (
	"time"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// outcome is what follows from a death.
type outcome struct {
	end    bool          // no other worker is started
	refuse bool          // the plugin isn't opened any more
	pause  time.Duration // before the next worker
}

const (
	firstPause   = time.Second
	longestPause = time.Minute
	// A worker that did its work for so long was well: the next death is a first one again.
	wellFor = time.Minute
	// A plugin that nothing needs is refused after that many deaths within an hour.
	tooOften = 3
)

// history is what counts of the deaths before.
type history struct {
	deaths int // in all
	row    int // without one in between that was well
	// Those by SIGKILL from outside, one after another, while one and the same file was opened.
	killed     int
	killedFile string // its checksum
	// Those one after another that may be one file's, which nothing proves.
	inDoubt   int
	doubtFile string
}

// doubted counts a death that may be a plugin's.
func (h *history) doubted(p crashes.Plugin) int {
	if h.doubtFile != p.SHA256 {
		h.inDoubt, h.doubtFile = 0, p.SHA256
	}
	h.inDoubt++
	return h.inDoubt
}

// judge decides, and nothing else does, what becomes of a death. known is what is remembered of
// the plugin that it is put down to, and within how often that happened in the last hour, this
// time included. well is whether the worker had done its work for long.
func (h *history) judge(d crashes.Death, known crashes.Known, within int, well bool, o Options) outcome {
	if well {
		h.row = 0
	}
	h.deaths++
	h.row++
	v := outcome{end: o.Once && (h.deaths > 1 || o.Answers && d.Ready), pause: pauseAfter(h.row)}
	p := d.Plugin
	switch {
	case p == nil:
	case d.Killed:
		// By accident that happens once or twice: it does that itself.
		v.refuse = h.killedAgain(d) >= tooOften && (!p.Needed || known.Ready.IsZero())
	case !d.Ready:
		// One that has worked here, and is needed, may work again: it has a cause outside.
		v.refuse = !p.Needed || known.Ready.IsZero()
	case !p.Needed:
		v.refuse = within >= tooOften || h.inDoubt >= tooOften
	}
	if v.refuse {
		h.inDoubt = 0
		v.pause = 0 // its cause is gone
		h.row = 0
	}
	return v
}

// killedAgain counts a death by SIGKILL from outside, if a file was being opened then.
func (h *history) killedAgain(d crashes.Death) int {
	if d.Stage != StageOpening {
		return 0
	}
	if h.killedFile != d.Plugin.SHA256 {
		h.killed, h.killedFile = 0, d.Plugin.SHA256
	}
	h.killed++
	return h.killed
}

// unstarted is the pause after a worker that could not be started.
func (h *history) unstarted() time.Duration {
	h.row++
	return max(firstPause, pauseAfter(h.row))
}

// pauseAfter is none after the first death in a row, then it doubles.
func pauseAfter(row int) time.Duration {
	if row <= 1 {
		return 0
	}
	pause := firstPause
	for range row - 2 {
		if pause *= 2; pause >= longestPause {
			return longestPause
		}
	}
	return pause
}
