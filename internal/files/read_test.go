package files

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const limit = 64 << 10

func TestNothingIsReadWithoutAnEnd(t *testing.T) {
	dir := t.TempDir()
	long, zero := filepath.Join(dir, "long"), filepath.Join(dir, "zero")
	must(t, os.WriteFile(long, make([]byte, limit+1), 0o600), os.Symlink("/dev/zero", zero))
	var tooLong *TooLongError
	for _, path := range []string{long, zero, "/dev/zero"} {
		if _, err := Named(t.Context(), path, limit); !errors.As(err, &tooLong) {
			t.Errorf("%s: %v, want that it is too long", path, err)
		}
	}
	if _, err := Regular(long, limit); !errors.As(err, &tooLong) || tooLong.Error() != "it has more than 64 kB" {
		t.Error(err)
	}
	if content, err := Regular(long, limit+1); err != nil || len(content.Data) != limit+1 || content.Mode.Perm() != 0o600 {
		t.Error(len(content.Data), content.Mode, err)
	}
}

func TestAFileThatNobodyNamedIsARegularOne(t *testing.T) {
	dir := t.TempDir()
	pipe, zero := filepath.Join(dir, "pipe"), filepath.Join(dir, "zero")
	must(t, syscall.Mkfifo(pipe, 0o600), os.Symlink("/dev/zero", zero))
	for path, want := range map[string]string{pipe: "a named pipe", zero: "a device", dir: "a folder"} {
		if _, err := Regular(path, limit); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if _, err := Regular(filepath.Join(dir, "none"), limit); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestANamedPipeIsRead(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(pipe, []byte("key: 1\n"), 0) }()
	if data, err := Named(t.Context(), pipe, limit); err != nil || string(data) != "key: 1\n" {
		t.Errorf("%q, %v", data, err)
	}
	must(t, <-written)
}

func TestWaitingForAPipeEndsWithTheWork(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	opening := make(chan struct{})
	go func() {
		<-opening
		cancel()
	}()
	_, err := Stream(ctx, func() (io.ReadCloser, error) {
		close(opening)
		return os.Open(pipe)
	}, limit)
	var stopped *StoppedError
	if !errors.As(err, &stopped) || !errors.Is(err, context.Canceled) {
		t.Errorf("opening: %v, want that it was stopped", err)
	}
	if _, err := Named(ctx, pipe, limit); !errors.As(err, &stopped) {
		t.Errorf("after the end: %v", err)
	}
	// So that the goroutines that wait for a writer end, too.
	writer, err := os.OpenFile(pipe, os.O_RDWR, 0)
	must(t, err, writer.Close())
}
