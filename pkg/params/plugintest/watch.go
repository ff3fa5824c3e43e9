package plugintest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// watch runs f, which is the plugin's code and should change nothing in the
// process, and says what it changed, which is put back. folders are those that the plugin was given,
// both empty.
func (k *kit) watch(f func(), folders ...string) (violations []string, broken error) {
	routines := goroutines()
	o, err := redirect()
	if err != nil {
		return nil, err
	}
	before, written := lookAtProcess(), filesIn(folders)
	start := time.Now()
	broken = call(k.patience, f)
	took := time.Since(start)
	changed := before.putBack()
	violations = append(o.restore(), changed...)
	for _, file := range filesIn(folders) {
		if !slices.Contains(written, file) {
			violations = append(violations, "writes "+filepath.Base(file)+" into its folder")
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

func filesIn(folders []string) (files []string) {
	for _, folder := range folders {
		entries, _ := os.ReadDir(folder)
		for _, entry := range entries {
			files = append(files, filepath.Join(folder, entry.Name()))
		}
	}
	return files
}

// outputs catches what is written past the plugin's own logger. That they are replaced is
// noticed with the rest of the process.
type outputs struct {
	stdout, stderr *os.File // as they were
	logger         *slog.Logger
	writer         io.Writer
	flags          int
	prefix         string

	caught  *os.File
	records *record
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
	os.Stdout, os.Stderr = caught, caught
	slog.SetDefault(slog.New(o.records)) // this leads package log there, too
	return o, nil
}

// restore puts everything back and says what was caught.
func (o *outputs) restore() []string {
	var violations []string
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
