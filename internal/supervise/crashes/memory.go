package crashes

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// Memory is what is known of plugin files, by the SHA-256 of their content.
type Memory struct {
	Restarts int               `json:"restarts,omitempty"` // of workers on this state folder
	Plugins  map[string]*Known `json:"plugins"`
}

// Known is what is known of one content of a plugin file.
type Known struct {
	Name     string      `json:"name"`
	Path     string      `json:"path"`
	Ready    time.Time   `json:"ready,omitzero"`     // when a worker with it first began its work
	Crashes  int         `json:"crashes,omitempty"`  // deaths that were put down to it
	Restarts int         `json:"restarts,omitempty"` // workers that were started after one
	Deaths   []time.Time `json:"deaths,omitempty"`   // those of the last hour
	Refused  *Rejection  `json:"refused,omitempty"`  // nil: it is opened
}

// Rejection is why a plugin isn't opened any more.
type Rejection struct {
	Time  time.Time `json:"time"`
	How   string    `json:"how"`   // as of the death
	Stage string    `json:"stage"` // as of the death
	At    string    `json:"at,omitempty"`
	Trace string    `json:"trace,omitempty"`
}

// How long deaths are counted, and how many contents are remembered.
const (
	countedFor = time.Hour
	maxKnown   = 200
)

// Recall reads the memory. Where there is none it is empty.
func Recall(dir string) (Memory, error) {
	m := Memory{}
	err := read(filepath.Join(dir, memoryFile), &m)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if m.Plugins == nil {
		m.Plugins = make(map[string]*Known)
	}
	return m, err
}

// Change changes the memory. Of two processes that do it at once, one waits.
func Change(dir string, change func(*Memory)) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	m, err := Recall(dir)
	if err != nil {
		m = Memory{Plugins: make(map[string]*Known)} // it is damaged, and nobody else will do anything about it
	}
	change(&m)
	m.forget()
	return write(filepath.Join(dir, memoryFile), m)
}

// Of returns what is known of a plugin file, which is remembered from now on.
func (m *Memory) Of(p Plugin) *Known {
	k := m.Plugins[p.SHA256]
	if k == nil {
		k = &Known{}
		m.Plugins[p.SHA256] = k
	}
	k.Name, k.Path = p.Name, p.Path
	return k
}

// Died notes a death and returns how many there were within the hour. One of the future is of a clock
// that was set back.
func (k *Known) Died(now time.Time) int {
	k.Crashes++
	k.Deaths = append(k.Deaths, now)
	k.Deaths = slices.DeleteFunc(k.Deaths, func(t time.Time) bool { return now.Sub(t).Abs() > countedFor })
	return len(k.Deaths)
}

// Retry makes a plugin be opened again, whatever its content, and returns whether one was refused.
func (m *Memory) Retry(name string) bool {
	cleared := false
	for _, k := range m.Plugins {
		if k.Name == name && k.Refused != nil {
			k.Refused, k.Deaths, cleared = nil, nil, true
		}
	}
	return cleared
}

// forget drops what was never refused and is ready for longest.
func (m *Memory) forget() {
	if len(m.Plugins) <= maxKnown {
		return
	}
	oldest := slices.SortedFunc(maps.Keys(m.Plugins), func(a, b string) int {
		return cmp.Or(m.Plugins[a].Ready.Compare(m.Plugins[b].Ready), cmp.Compare(a, b))
	})
	for _, sum := range oldest {
		if len(m.Plugins) > maxKnown && m.Plugins[sum].Refused == nil {
			delete(m.Plugins, sum)
		}
	}
}
