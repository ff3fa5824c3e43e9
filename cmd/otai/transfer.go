package main

import (
	"fmt"
	"io"
	"time"

	"github.com/open-ticket-ai/otai/internal/app/visible"
)

// largeFile is from when on a file is worth a line where nothing can be drawn.
const largeFile = 1e6

// transfer shows how far files are that are downloaded or checked: in place on a
// terminal; elsewhere, a line for each large file that is downloaded.
type transfer struct {
	out   io.Writer
	verb  string
	lines bool
	live  liveLine

	file  string
	began time.Time
	first int64 // bytes that were there when the file began
	drawn time.Time
}

func newDownload(out io.Writer) *transfer {
	t := newTransfer(out, "downloading")
	t.lines = !t.live.inPlace
	return t
}

func newTransfer(out io.Writer, verb string) *transfer {
	return &transfer{out: out, verb: verb, live: newLiveLine(out)}
}

func (t *transfer) step(file string, done, total int64) {
	now := time.Now()
	if file != t.file {
		t.file, t.began, t.first, t.drawn = file, now, done, time.Time{}
		if t.lines && total >= largeFile {
			show(t.out, "%s %s, %s\n", t.verb, file, megabytes(total))
		}
	}
	if !t.live.inPlace || (now.Sub(t.drawn) < 100*time.Millisecond && done != total) {
		return
	}
	t.drawn = now
	t.live.draw(visible.Line(t.line(now, done, total)))
}

func (t *transfer) line(now time.Time, done, total int64) string {
	if total <= 0 {
		return fmt.Sprintf("%s %s: %s", t.verb, t.file, megabytes(done))
	}
	line := fmt.Sprintf("%s %s: %3d %% of %s", t.verb, t.file, done*100/total, megabytes(total))
	elapsed := now.Sub(t.began).Seconds()
	if elapsed < 1 || done <= t.first {
		return line
	}
	speed := float64(done-t.first) / elapsed
	left := time.Duration(float64(total-done) / speed * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%s, %s/s, %s left", line, megabytes(int64(speed)), left)
}

// end takes the line away, if one was drawn.
func (t *transfer) end() {
	t.live.clear()
	t.file, t.drawn = "", time.Time{}
}

// megabytes writes a number of bytes for people.
func megabytes(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 10e6:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	default:
		return fmt.Sprintf("%d kB", (n+999)/1000)
	}
}
