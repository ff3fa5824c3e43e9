package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// line is a line of the journal about the service, by itself or by systemd.
type line struct {
	At       time.Time
	Priority int
	Text     string
}

// lines are those since a cursor, or "" for the last boot. The journal isn't asked for less than all: where the entry at the cursor
// doesn't match what is asked for, journalctl leaves out the first one that does.
func (m *machine) lines(since string) (list []line) {
	m.Helper()
	from := "--after-cursor='" + since + "'"
	if since == "" {
		from = "--boot"
	}
	out := m.run("journalctl --sync; " + journalctl + from)
	for text := range strings.Lines(out) {
		if l, ok := lineOf([]byte(text)); ok {
			list = append(list, l)
		}
	}
	return list
}

const (
	unit       = "otai.service"
	journalctl = "journalctl --all -o json --output-fields=MESSAGE,PRIORITY,UNIT,_SYSTEMD_UNIT --no-pager "
)

// lineOf is the line of an entry of the journal, if it is about the service.
func lineOf(entry []byte) (line, bool) {
	var e struct {
		At        string `json:"__REALTIME_TIMESTAMP"`
		Unit      string
		Priority  string
		Message   string
		OwnedUnit string `json:"_SYSTEMD_UNIT"`
	}
	if err := json.Unmarshal(entry, &e); err != nil || e.Unit != unit && e.OwnedUnit != unit {
		return line{}, false // what isn't text is nobody's of ours
	}
	usec, err := strconv.ParseInt(e.At, 10, 64)
	priority, failed := strconv.Atoi(e.Priority)
	return line{time.UnixMicro(usec), priority, e.Message}, err == nil && failed == nil
}

// journal is what comes into the journal about the service.
type journal struct {
	lock  sync.Mutex
	lines []line
}

// follow reads the journal from here on, until the test has ended. The machine isn't started anew meanwhile.
func (m *machine) follow() *journal {
	m.Helper()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "nsenter", "-t", m.leader, "-a", "sh", "-c", "exec "+journalctl+"--follow --after-cursor='"+m.now()+"'")
	out, err := cmd.StdoutPipe()
	if err != nil {
		m.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.Fatal(err)
	}
	j, ended := &journal{}, make(chan struct{})
	go func() {
		defer close(ended)
		for entries := bufio.NewReader(out); ; {
			entry, err := entries.ReadBytes('\n')
			if err != nil {
				return
			}
			if l, ok := lineOf(entry); ok {
				j.lock.Lock()
				j.lines = append(j.lines, l)
				j.lock.Unlock()
			}
		}
	}()
	m.Cleanup(func() {
		stop()
		_ = out.Close() // the process in the machine isn't ended by that, but with the machine
		<-ended
		_ = cmd.Wait()
	})
	return j
}

// mark is where the journal is now.
func (j *journal) mark() int {
	j.lock.Lock()
	defer j.lock.Unlock()
	return len(j.lines)
}

// since are the lines since a mark.
func (j *journal) since(mark int) []line {
	j.lock.Lock()
	defer j.lock.Unlock()
	return slices.Clip(j.lines)[mark:]
}

// The priorities of errors and warnings.
const (
	errorPriority   = 3
	warningPriority = 4
)

// errorLines are the lines of the journal with the priority of an error, since a cursor.
func (m *machine) errorLines(since string) []string {
	m.Helper()
	return m.atLeast(since, errorPriority)
}

func (m *machine) atLeast(since string, priority int) (list []string) {
	m.Helper()
	for _, l := range m.lines(since) {
		if l.Priority <= priority {
			list = append(list, l.Text)
		}
	}
	return list
}

// now is the journal's cursor.
func (m *machine) now() string {
	m.Helper()
	_, cursor, _ := strings.Cut(m.run("journalctl --sync; journalctl -n 1 -o cat --show-cursor --no-pager"), "-- cursor: ")
	return strings.TrimSpace(cursor)
}
