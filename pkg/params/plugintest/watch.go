package plugintest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// watch runs f, which is the plugin's code and should change nothing in the
// process, and says what it changed. folders are those that the plugin was given,
// both empty.
func (k *kit) watch(f func(), folders ...string) (violations []string, broken error) {
	routines := goroutines()
	o, err := redirect()
	if err != nil {
		return nil, err
	}
	before := look(folders)
	start := time.Now()
	broken = call(k.patience, f)
	took := time.Since(start)
	after := look(folders)
	violations = append(o.restore(), before.compare(after)...)
	if after.dir != before.dir {
		if err := os.Chdir(before.dir); err != nil {
			violations = append(violations, err.Error())
		}
	}
	if broken != nil {
		return violations, broken
	}
	if took > k.quick {
		violations = append(violations, fmt.Sprintf("took %v; what takes time belongs in Start", took.Round(time.Millisecond)))
	}
	return append(violations, leftBehind(routines, k.grace)...), nil
}

// world is what belongs to the process and not to a plugin.
type world struct {
	dir     string
	env     map[string]string
	ignored map[os.Signal]bool
	threads int
	local   *time.Location
	open    map[string]int  // files and connections, by what they are
	files   map[string]bool // in the plugin's folders
}

func look(folders []string) world {
	w := world{
		env: make(map[string]string), ignored: make(map[os.Signal]bool), threads: runtime.GOMAXPROCS(0),
		local: time.Local, open: make(map[string]int), files: make(map[string]bool),
	}
	w.dir, _ = os.Getwd()
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		w.env[name] = value
	}
	for n := syscall.Signal(1); n < 32; n++ {
		w.ignored[n] = signal.Ignored(n)
	}
	// Only on Linux is it known what is open; elsewhere this stays empty.
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil && !strings.HasPrefix(target, "anon_inode:") {
			w.open[target]++
		}
	}
	for _, folder := range folders {
		entries, _ := os.ReadDir(folder)
		for _, entry := range entries {
			w.files[filepath.Join(folder, entry.Name())] = true
		}
	}
	return w
}

func (w world) compare(now world) []string {
	var violations []string
	if now.dir != w.dir {
		violations = append(violations, "changes the working directory to "+now.dir)
	}
	for _, name := range slices.Sorted(maps.Keys(now.env)) {
		if value, ok := w.env[name]; !ok || value != now.env[name] {
			violations = append(violations, "sets the environment variable "+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.env)) {
		if _, ok := now.env[name]; !ok {
			violations = append(violations, "removes the environment variable "+name)
		}
	}
	for n := syscall.Signal(1); n < 32; n++ {
		if now.ignored[n] != w.ignored[n] {
			violations = append(violations, fmt.Sprintf("changes what happens at the signal %q", n))
		}
	}
	if now.threads != w.threads {
		violations = append(violations, fmt.Sprintf("sets GOMAXPROCS to %d", now.threads))
	}
	if now.local != w.local {
		violations = append(violations, "replaces time.Local")
	}
	for _, target := range slices.Sorted(maps.Keys(now.open)) {
		if now.open[target] > w.open[target] {
			violations = append(violations, "opens "+target+" and leaves it open")
		}
	}
	for _, file := range slices.Sorted(maps.Keys(now.files)) {
		if !w.files[file] {
			violations = append(violations, "writes "+filepath.Base(file)+" into its folder")
		}
	}
	return violations
}

// outputs catches what is written past the plugin's own logger.
type outputs struct {
	stdout, stderr *os.File // as they were
	logger         *slog.Logger
	writer         io.Writer
	flags          int
	prefix         string

	caught   *os.File
	records  *record
	watching *slog.Logger
	logs     io.Writer
}

func redirect() (*outputs, error) {
	caught, err := os.CreateTemp("", "plugintest")
	if err != nil {
		return nil, fmt.Errorf("making a file for the output: %w", err)
	}
	if err := os.Remove(caught.Name()); err != nil {
		return nil, fmt.Errorf("hiding the file for the output: %w", err)
	}
	o := &outputs{
		stdout: os.Stdout, stderr: os.Stderr, logger: slog.Default(),
		writer: log.Writer(), flags: log.Flags(), prefix: log.Prefix(),
		caught: caught, records: &record{},
	}
	o.watching = slog.New(o.records)
	os.Stdout, os.Stderr = caught, caught
	slog.SetDefault(o.watching) // this leads package log there, too
	o.logs = log.Writer()
	return o, nil
}

// restore puts everything back and says what was caught.
func (o *outputs) restore() []string {
	var violations []string
	if os.Stdout != o.caught || os.Stderr != o.caught {
		violations = append(violations, "replaces os.Stdout or os.Stderr")
	}
	if slog.Default() != o.watching {
		violations = append(violations, "replaces the default logger of log/slog")
	} else if log.Writer() != o.logs {
		violations = append(violations, "leads the output of package log elsewhere")
	}
	if text := o.records.first(); text != "" {
		violations = append(violations, fmt.Sprintf("logs %q past the logger of its host", text))
	}
	var text [80]byte
	if n, _ := o.caught.ReadAt(text[:], 0); n > 0 {
		line, _, _ := bytes.Cut(text[:n], []byte("\n"))
		violations = append(violations, fmt.Sprintf("writes %q to the standard output or error", line))
	}
	os.Stdout, os.Stderr = o.stdout, o.stderr
	slog.SetDefault(o.logger)
	log.SetOutput(o.writer)
	log.SetFlags(o.flags)
	log.SetPrefix(o.prefix)
	o.caught.Close()
	return violations
}

// record keeps the first message of a logger.
type record struct {
	mu   sync.Mutex
	text string
}

func (r *record) first() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text
}

func (r *record) Enabled(context.Context, slog.Level) bool { return true }
func (r *record) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *record) WithGroup(string) slog.Handler            { return r }

func (r *record) Handle(_ context.Context, entry slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.text == "" {
		r.text = strings.TrimSpace(entry.Message)
	}
	return nil
}
