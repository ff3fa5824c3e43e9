package support

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
	"github.com/open-ticket-ai/otai/internal/doors"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// machine is what a process has here.
type machine struct {
	plugins.HostVersions
	CPUs        int      `json:"cpus"`
	MemoryBytes uint64   `json:"memory_bytes,omitempty"`
	User        int      `json:"user"`
	OpenFiles   uint64   `json:"open_files_limit,omitempty"`
	Variables   []string `json:"variables"` // names of those that are set
}

func (c *collecting) versions(context.Context) {
	m := machine{HostVersions: plugins.Versions(c.settings), CPUs: runtime.NumCPU(), User: os.Geteuid(), Variables: []string{}}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		m.MemoryBytes = uint64(info.Totalram) * uint64(info.Unit) //nolint:unconvert // other architectures have other types
	}
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		m.OpenFiles = limit.Cur
	}
	for _, variable := range c.settings.Environ {
		if name, _, _ := strings.Cut(variable, "="); ours(name) {
			m.Variables = append(m.Variables, name)
		}
	}
	slices.Sort(m.Variables)
	c.addJSON("versions.json", "versions of otai, of what it was built from, and of the system; names of variables that are set for this command", m)
}

// ours are the variables that otai and its plugins look at.
func ours(name string) bool {
	for _, begin := range []string{"OTAI_", "OTOBO_", "ZNUNY_", "HF_", "XDG_", "GO", "LD_LIBRARY_PATH", "STATE_DIRECTORY", "JOURNAL_STREAM", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		if strings.HasPrefix(strings.ToUpper(name), begin) {
			return true
		}
	}
	return false
}

// serviceWithin is how long the service that runs may take for an answer.
const serviceWithin = 5 * time.Second

// service asks the otai that runs, if one does.
func (c *collecting) service(ctx context.Context) {
	for _, ask := range []struct{ path, name, about string }{
		{"/status", "status.json", "what otai status says"},
		{"/metrics", "metrics.txt", "its metrics"},
	} {
		ctx, cancel := context.WithTimeout(ctx, serviceWithin)
		answer, _, err := doors.Dial(c.state).Get(ctx, ask.path, nil)
		cancel()
		if err != nil {
			c.unread(ask.about, err)
			if errors.Is(err, doors.ErrNobody) {
				return
			}
			continue
		}
		var spread bytes.Buffer
		if json.Indent(&spread, answer, "", "  ") == nil {
			answer = spread.Bytes()
		}
		c.add(ask.name, ask.about, answer)
	}
}

func (c *collecting) plugins(context.Context) {
	if c.setup.Catalog == nil {
		c.unread("the plugins", c.invalid)
		return
	}
	c.addJSON("plugins.json", "the plugin files, and what becomes of each", plugins.StatusesOf(c.settings, c.setup.Catalog.Plugins))
}

// facts are figures of the run store. Nothing in them is of one ticket.
type facts struct {
	Kind      string                            `json:"kind"`
	Runs      map[store.State]int               `json:"runs"`
	Waiting   map[string]int                    `json:"waiting"` // by reason
	Open      int                               `json:"writes_without_an_outcome"`
	Standings map[store.Standing]int            `json:"tickets"`
	Runners   map[string]map[store.Standing]int `json:"tickets_by_runner"`
	Causes    int                               `json:"causes"`
	Pauses    int                               `json:"pauses"`
	Requests  int                               `json:"requests_without_an_answer"`
}

// storeWithin is how long a database may take.
const storeWithin = 10 * time.Second

func (c *collecting) store(ctx context.Context) {
	const about = "the run store"
	if c.setup.Document == nil {
		c.unread(about, c.invalid)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	opened, err := c.settings.LookIntoRuns(ctx, c.setup.Document, false)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("there is none yet")
	}
	if err != nil {
		c.unread(about, err)
		return
	}
	defer opened.Close() // it was only read
	f := facts{Kind: "sqlite"}
	if c.setup.Document.Runs.Database != "" {
		f.Kind = "postgresql"
	}
	counts, err := opened.Counts(ctx)
	causes, causesErr := opened.Causes(ctx)
	pauses, pausesErr := opened.Pauses(ctx)
	requests, requestsErr := opened.Requests(ctx)
	if err := errors.Join(err, causesErr, pausesErr, requestsErr); err != nil {
		c.unread(about, err)
		return
	}
	f.Runs, f.Waiting, f.Open, f.Standings, f.Runners = counts.Runs, counts.Waiting, counts.Open, counts.Standings, counts.Runners
	f.Causes, f.Pauses, f.Requests = len(causes), len(pauses), len(requests)
	c.addJSON("store.json", "figures of the run store: how many runs and tickets stand how", f)
}

// found is a file of the state folder, or all of one of its folders.
type found struct {
	Name  string `json:"name"`
	Mode  string `json:"mode"`
	Bytes int64  `json:"bytes"`
	Files int    `json:"files,omitempty"` // of a folder
}

// mostFiles bounds what is counted in the state folder.
const mostFiles = 10_000

func (c *collecting) folder(context.Context) {
	const about = "sizes and modes of what is in the state folder, and the room that is left on its disk"
	entries, err := os.ReadDir(c.state)
	if err != nil {
		c.unread(about, err)
		return
	}
	var answer struct {
		Folder string  `json:"folder"`
		Free   uint64  `json:"free_bytes"`
		Kept   []found `json:"kept"`
	}
	answer.Folder = c.state
	var disk unix.Statfs_t
	if unix.Statfs(c.state, &disk) == nil {
		answer.Free = disk.Bavail * uint64(disk.Bsize) //nolint:gosec // no block has a negative size
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // it has gone meanwhile
		}
		k := found{Name: e.Name(), Mode: info.Mode().String(), Bytes: info.Size()}
		if e.IsDir() {
			k.Bytes, k.Files = below(filepath.Join(c.state, e.Name()))
		}
		answer.Kept = append(answer.Kept, k)
	}
	c.addJSON("state-folder.json", about, answer)
}

// below counts what can be seen in a folder.
func below(dir string) (size int64, files int) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error { // what can't be seen isn't counted
		if err != nil || e.IsDir() {
			return nil //nolint:nilerr // see above
		}
		if info, err := e.Info(); err == nil {
			size += info.Size()
		}
		if files++; files == mostFiles {
			return fs.SkipAll
		}
		return nil
	})
	return size, files
}

// lastLog is how much of the end of the log is packed.
const lastLog = 1 << 20 // bytes

// log packs the end of the log file, if there is one.
func (c *collecting) log(context.Context) {
	d := c.setup.Document
	if d == nil || !d.Logging.LogToFile || d.Logging.LogFilePath == "" {
		return
	}
	name := c.settings.Abs(d.Logging.LogFilePath)
	content, err := end(name)
	if err != nil {
		c.unread("the log", err)
		return
	}
	c.add("otai.log", "the end of the log "+name, content)
}

// end reads whole lines from the end of a regular file, and follows no link to another one.
func end(name string) ([]byte, error) {
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close() // it was only read
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it isn't a regular file")
	}
	from := max(0, info.Size()-lastLog)
	content, err := io.ReadAll(io.NewSectionReader(file, from, lastLog))
	if err != nil {
		return nil, err
	}
	if _, whole, cut := bytes.Cut(content, []byte("\n")); from > 0 && cut {
		content = whole
	}
	return content, nil
}

// death is one of a worker, as others may see it.
type death struct {
	Time     time.Time `json:"time"`
	How      string    `json:"how"`
	Stage    string    `json:"stage"`
	At       string    `json:"at"`
	Frozen   bool      `json:"frozen"`
	Killed   bool      `json:"killed"`
	Plugin   string    `json:"plugin,omitempty"`
	Suspects []string  `json:"suspects,omitempty"`
	Cause    string    `json:"cause,omitempty"`
	Function string    `json:"function,omitempty"`
	Trace    string    `json:"trace,omitempty"` // the name of a file
}

// mostTrace is how much of each trace is packed.
const mostTrace = 256 << 10 // bytes

// deaths packs the records of workers that died, and, if a person wants them, what others may see of their
// traces.
func (c *collecting) deaths(traces bool) {
	dir := filepath.Join(c.state, crashes.Subfolder)
	known, err := crashes.Deaths(dir)
	if err != nil {
		c.unread("the records of workers that died", err)
	}
	list := []death{}
	for n, d := range known {
		// The log has the cause, too, and the text of a panic may be a customer's.
		if crashes.ShareReason(d.Cause) != d.Cause {
			logged := c.clean(d.Cause) // without the secrets in it
			c.setup.Redactor.Add(d.Cause)
			c.setup.Redactor.Add(logged)
		}
		told := death{
			Time: d.Time.UTC(), How: d.How, Stage: d.Stage, At: d.At, Frozen: d.Frozen, Killed: d.Killed,
			Cause: crashes.ShareReason(d.Cause), Function: crashes.ShareFunction(d.Frame),
		}
		if d.Plugin != nil {
			told.Plugin = d.Plugin.Name
		}
		for _, p := range d.Suspects {
			told.Suspects = append(told.Suspects, p.Name)
		}
		if traces && d.Trace != "" {
			told.Trace = c.trace(n+1, d)
		}
		list = append(list, told)
	}
	c.addJSON("deaths.json", "when and how the last worker processes died, and which plugin that is put down to", list)
}

// trace packs one and returns the name of its file.
func (c *collecting) trace(n int, d crashes.Death) string {
	file, err := d.Open()
	if err != nil {
		c.unread("a trace", err)
		return ""
	}
	defer file.Close() // it was only read
	name := fmt.Sprintf("crashes/%d.txt", n)
	text, more := crashes.Share(file, mostTrace)
	if more {
		text += "(the trace goes on)\n"
	}
	c.add(name, "functions and lines of the death at "+d.Time.UTC().Format(time.RFC3339), []byte(text))
	return name
}
