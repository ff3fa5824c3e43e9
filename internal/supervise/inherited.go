package supervise

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// What a supervisor leaves to the one that takes its place in the same process (succession.go): its workers,
// descriptors and all that it knows, as JSON in memory that has no name.

// form is the version of what is left. A supervisor gives itself up only to one that knows its form.
const form = 1

// successorArgument is the first argument of a process that is only to say whether it could be the
// successor, and successorVariable has the descriptor for one that is.
const (
	successorArgument = "__successor"
	successorVariable = "OTAI_SUPERVISOR"
)

// The descriptors of a process that is only to say whether it could.
const (
	trialState  = 3
	trialAnswer = 4
	trialFile   = 5 // which it executes
)

// canAnswer is what it says.
func canAnswer() string { return "otai takes over form " + strconv.Itoa(form) }

// Inherited is what the supervisor before this one has left. A nil one is that of a process that
// none has left anything.
type Inherited struct {
	trial   bool // it is only asked whether this could be the successor
	estate  estate
	signals signals // that come since then
	err     error   // why it can't be read
}

// Dir is the working directory; "": it isn't known.
func (i *Inherited) Dir() string {
	if i == nil {
		return ""
	}
	return i.estate.Dir
}

// Listener is one of those that were passed on, by its name; nil: there is none of it, or it was taken
// already.
func (i *Inherited) Listener(name string) *os.File {
	if i == nil || i.trial {
		return nil
	}
	fd, ok := i.estate.Listeners[name]
	if !ok {
		return nil
	}
	delete(i.estate.Listeners, name)
	return fd.open(name)
}

// estate is the form of what is left.
type estate struct {
	Form int       `json:"form"`
	Pid  int       `json:"pid"`
	From string    `json:"from"` // the version of who has left it
	Time time.Time `json:"time"`
	Dir  string    `json:"dir"`
	Path string    `json:"path"`
	Comm string    `json:"comm"`

	Others   []int          `json:"others"`
	Signals  []int          `json:"signals"` // that are answered
	Terminal bool           `json:"terminal"`
	Folder   string         `json:"folder"`
	Replaced *crashes.Death `json:"replaced,omitempty"`
	Format   string         `json:"format"`
	Level    string         `json:"level"`
	Status   string         `json:"status"` // that the service manager knows
	History  leftHistory    `json:"history"`
	Last     ReloadOutcome  `json:"last"`
	View     Snapshot       `json:"view"`
	Memory   *descriptor    `json:"memory,omitempty"`
	Input    []byte         `json:"input,omitempty"`
	HasInput bool           `json:"has_input"`
	Worker   leftWorker     `json:"worker"`

	Listeners map[string]descriptor `json:"listeners"`
}

type leftHistory struct {
	Deaths     int    `json:"deaths"`
	Row        int    `json:"row"`
	Killed     int    `json:"killed"`
	KilledFile string `json:"killed_file"`
	InDoubt    int    `json:"in_doubt"`
	DoubtFile  string `json:"doubt_file"`
}

// leftWorker is the worker that works.
type leftWorker struct {
	Pid     int        `json:"pid"`
	Wire    descriptor `json:"wire"`
	Counts  descriptor `json:"counts"`
	Reports descriptor `json:"reports"`
	Asks    descriptor `json:"asks"`
	NextAsk uint64     `json:"next_ask"`

	Stage     message          `json:"stage"`
	ReadyAt   time.Time        `json:"ready_at"`
	Plugins   []crashes.Plugin `json:"plugins"`
	Met       []crashes.Plugin `json:"met"`
	Places    []message        `json:"places"`
	Trace     string           `json:"trace"`
	Temporary []string         `json:"temporary"`
	Format    string           `json:"format"`
	Level     string           `json:"level"`
	Doors     *Doors           `json:"doors,omitempty"`
	Silent    int              `json:"silent"`
	Instead   *Instead         `json:"instead,omitempty"`
	InUse     *InUse           `json:"in_use,omitempty"`
	Covered   []int            `json:"covered"`
	Runs      string           `json:"runs"`
	Build     string           `json:"build"`
	TakesOver int              `json:"takes_over"`
	Patience  Patience         `json:"patience"`

	// Of what it wrote to standard error: the report of a death that has begun, and the rest of a line.
	Holding bool   `json:"holding"`
	Held    []byte `json:"held,omitempty"`
	Rest    []byte `json:"rest,omitempty"`
}

// descriptor is an open file of this process, by its number, which stays.
type descriptor int

// open returns it as a file that programs started from here don't get.
func (d descriptor) open(name string) *os.File {
	unix.CloseOnExec(int(d))
	return os.NewFile(uintptr(d), name)
}

// descriptorOf is a file's number. It leaves the file as it is, other than its Fd.
func descriptorOf(file *os.File) descriptor {
	d := descriptor(-1)
	if raw, err := file.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { d = descriptor(fd) })
	}
	return d
}

// Begin must be called by main before anything else but the probe's. It returns what the supervisor before
// this one has left, nil in any other process, and hears signals from then on.
func Begin() *Inherited {
	value, found := os.LookupEnv(successorVariable)
	if found {
		_ = os.Unsetenv(successorVariable) // a name that is there can be removed
	}
	if len(os.Args) > 1 && os.Args[1] == successorArgument {
		os.Args = append(os.Args[:1], os.Args[2:]...)
		i := &Inherited{trial: true}
		i.estate, i.err = readState(trialState)
		return i
	}
	fd, err := strconv.Atoi(value)
	if err != nil || fd <= unix.Stderr {
		return nil
	}
	i := &Inherited{}
	if i.estate, i.err = readState(fd); i.err == nil && i.estate.Pid != os.Getpid() {
		return nil // somebody else's variable
	}
	heard := []os.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP}
	if i.err == nil {
		heard = nil
		for _, n := range i.estate.Signals {
			heard = append(heard, syscall.Signal(n))
		}
	}
	i.signals = hearSignals(heard)
	if comm := i.estate.Comm; comm != "" {
		_ = os.WriteFile("/proc/self/comm", []byte(comm), 0o600) // as ps shows it
	}
	return i
}

// maxState is more than all that is left.
const maxState = 256 << 20

func readState(fd int) (s estate, err error) {
	file := descriptor(fd).open("state")
	if file == nil {
		return s, errors.New("there is none")
	}
	defer file.Close()
	content, err := io.ReadAll(io.NewSectionReader(file, 0, maxState))
	if err != nil {
		return s, err
	}
	var head struct {
		Form int `json:"form"`
	}
	if err := json.Unmarshal(content, &head); err != nil {
		return s, err
	}
	if head.Form != form {
		return s, fmt.Errorf("it has the form %d, and this otai knows %d", head.Form, form)
	}
	return s, json.Unmarshal(content, &s)
}

// writeState returns it in memory without a name.
func writeState(s estate) (*os.File, error) {
	content, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("otai-state", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), "state")
	if _, err := io.Copy(file, bytes.NewReader(content)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func commOf() string {
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		return filepath.Base(os.Args[0])
	}
	return string(bytes.TrimSpace(comm))
}
