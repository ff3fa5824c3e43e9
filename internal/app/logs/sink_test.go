package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// stream is a file, and its name in JOURNAL_STREAM.
func stream(t *testing.T) (file *os.File, name string) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stream"))
	must(t, err)
	t.Cleanup(func() { _ = file.Close() })
	var stat unix.Stat_t
	must(t, unix.Fstat(int(file.Fd()), &stat))
	return file, fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
}

func TestTheJournalGetsThePriorityOfEachLine(t *testing.T) {
	for _, format := range []string{"json", "console"} {
		stderr, name := stream(t)
		file := filepath.Join(t.TempDir(), "otai.log")
		logger, closer, err := New(Options{Stderr: stderr, Journal: name, Level: "trace", Format: format, File: file, Redact: unchanged})
		must(t, err)
		for _, level := range []slog.Level{slog.LevelDebug - 4, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			logger.Log(t.Context(), level, "a message")
		}
		must(t, closer.Close())
		text, err := os.ReadFile(stderr.Name())
		must(t, err)
		got := ""
		for line := range strings.Lines(string(text)) {
			got += line[:3]
		}
		if got != "<7><7><6><4><3>" {
			t.Errorf("%s: %s", format, text)
		}
		if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), "<3>") || strings.Count(string(text), "\n") != 5 {
			t.Errorf("%s: in the log file, %v: %s", format, err, text)
		}
	}
}

// A service's children have the variable, too.
func TestWhatIsNotTheJournalGetsNoPriority(t *testing.T) {
	stderr, name := stream(t)
	logger, _, err := New(Options{Stderr: stderr, Journal: name + "0", Redact: unchanged})
	must(t, err)
	logger.Error("a message")
	if text, err := os.ReadFile(stderr.Name()); err != nil || !strings.HasPrefix(string(text), "{") {
		t.Errorf("%v: %s", err, text)
	}
}

func TestALogFileIsMadeAnewWhereItWasRenamed(t *testing.T) {
	stderr, _ := stream(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "otai.log")
	logger, closer, err := New(Options{Stderr: stderr, File: path, Redact: unchanged})
	must(t, err)
	defer closer.Close()
	logger.Info("first")
	must(t, os.Rename(path, path+".1"))
	logger.Info("second")
	must(t, os.Rename(path, path+".2"), os.WriteFile(path, nil, 0o640)) // as `create` of logrotate does
	logger.Info("third")
	must(t, os.Remove(path))
	logger.Info("fourth")
	must(t, os.Rename(path, path+".4"), os.Mkdir(path, 0o700))
	logger.Info("fifth") // goes to the file that was renamed
	must(t, os.Remove(path))
	logger.Info("sixth")
	for name, want := range map[string]string{"otai.log.1": "first", "otai.log.2": "second", "otai.log.4": "fourth fifth", "otai.log": "sixth"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		for _, word := range strings.Fields("first second third fourth fifth sixth") {
			if strings.Contains(string(text), word) != strings.Contains(want, word) {
				t.Errorf("in %s, want %s: %s", name, want, text)
			}
		}
	}
}

func TestALogFileThatCanNotBeWrittenIsSaidOnce(t *testing.T) {
	var stderr bytes.Buffer
	log, closer, err := New(Options{Format: "json", Stderr: &stderr, File: "/dev/full", Redact: func(w io.Writer) io.Writer { return w }})
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	for range 3 {
		log.Info("a line")
	}
	text := stderr.String()
	if strings.Count(text, `"message":"a line"`) != 3 || strings.Count(text, "the log file can't be written") != 1 || strings.Count(text, "\n") != 4 {
		t.Errorf("it says:\n%s", text)
	}
}

func TestALineAfterHalfALineIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	told := 0
	r, err := openRenamed(path, os.Stdout, func(error) { told++ })
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, err = r.file.WriteString(`{"half`) // as a disk that is full leaves it
	r.torn, r.failing = true, true
	n, wrote := r.Write([]byte("{}\n"))
	text, read := os.ReadFile(path)
	if err := errors.Join(err, wrote, read); err != nil || n != 3 || string(text) != "{\"half\n{}\n" || told != 1 || r.torn {
		t.Errorf("%v %d %q %d", err, n, text, told)
	}
}
