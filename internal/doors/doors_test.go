package doors

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/health"
	"github.com/open-ticket-ai/otai/internal/supervise"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) *Doors {
	t.Helper()
	d := New(Options{View: &supervise.View{}, Version: "1.2.3", Logger: func() *slog.Logger { return slog.New(slog.DiscardHandler) }})
	t.Cleanup(d.Close)
	d.Open(supervise.Doors{Folder: dir})
	return d
}

// soon asks until somebody answers.
func soon(t *testing.T, dir, path string) ([]byte, int) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		answer, status, err := Dial(dir).Get(t.Context(), path, nil)
		if err == nil {
			return answer, status
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

func TestTheSocketAnswersWithoutAWorker(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 40)) // longer than the path of a socket may be
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Dial(dir).Get(t.Context(), "/status", nil); !errors.Is(err, ErrNobody) {
		t.Errorf("before anybody answers: %v", err)
	}
	open(t, dir)
	answer, status := soon(t, dir, "/status")
	var r health.Report
	if err := json.Unmarshal(answer, &r); err != nil || status != 200 || r.Ready || r.Version != "1.2.3" || len(r.Reasons()) != 1 || r.Reasons()[0].Kind != health.KindWorker {
		t.Errorf("%d %v %s", status, err, answer)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/": 404, "/reload": 404} {
		if _, status := soon(t, dir, path); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	info, err := os.Lstat(filepath.Join(dir, SocketName))
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestNobodyTakesTheSocketOfALivingOne(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	soon(t, dir, "/healthz")
	socket := func() os.FileInfo {
		info, err := os.Lstat(filepath.Join(dir, SocketName))
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	before := socket()
	second := open(t, dir)
	time.Sleep(2 * heldLook) // it has tried
	if after := socket(); !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Error("it was taken while another one answers there")
	}
	first.Close()
	soon(t, dir, "/healthz") // by the second
	second.Close()
	if _, _, err := Dial(dir).Get(t.Context(), "/healthz", nil); !errors.Is(err, ErrNobody) {
		t.Errorf("when all have gone: %v", err)
	}
}

func TestADeadSocketIsReplaced(t *testing.T) {
	dir := t.TempDir()
	listener, lock, err := listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = listener.Close(), lock.Close() // as a kill leaves it: the file stays
	if _, _, err := Dial(dir).Get(t.Context(), "/healthz", nil); !errors.Is(err, ErrNobody) {
		t.Errorf("a dead socket: %v", err)
	}
	open(t, dir)
	soon(t, dir, "/healthz")
}

// isHeld reports whether another otai would be kept out.
func isHeld(dir string) bool {
	lock, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		return false
	}
	defer lock.Close()
	return errors.Is(unix.Flock(int(lock.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

func TestASocketThatIsTakenAwayComesBack(t *testing.T) {
	for _, row := range []struct {
		name string
		away func(t *testing.T, dir string) error
	}{
		{"removed", func(_ *testing.T, dir string) error { return os.Remove(filepath.Join(dir, SocketName)) }},
		{"renamed", func(_ *testing.T, dir string) error {
			return os.Rename(filepath.Join(dir, SocketName), filepath.Join(dir, "other"))
		}},
		{"replaced by a file", func(_ *testing.T, dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, SocketName)), os.WriteFile(filepath.Join(dir, SocketName), []byte("x"), 0o600))
		}},
		{"replaced by an empty folder", func(_ *testing.T, dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, SocketName)), os.Mkdir(filepath.Join(dir, SocketName), 0o700))
		}},
		{"its lock removed, so that another otai would take it", func(_ *testing.T, dir string) error { return os.Remove(filepath.Join(dir, lockName)) }},
		{"with all of the folder", func(_ *testing.T, dir string) error {
			return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700))
		}},
		{"the folder renamed, and back", func(t *testing.T, dir string) error {
			err := os.Rename(dir, dir+".other")
			time.Sleep(2 * heldLook) // it has noticed
			if _, _, asked := Dial(dir).Get(t.Context(), "/healthz", nil); !errors.Is(asked, ErrNobody) {
				t.Errorf("where there is no folder: %v", asked)
			}
			return errors.Join(err, os.Rename(dir+".other", dir))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "state")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			d := open(t, dir)
			soon(t, dir, "/healthz")
			if err := row.away(t, dir); err != nil {
				t.Fatal(err)
			}
			for until := time.Now().Add(20 * heldLook); ; time.Sleep(heldLook / 50) {
				info, err := os.Lstat(filepath.Join(dir, SocketName))
				if err == nil && info.Mode() == fs.ModeSocket|0o600 && isHeld(dir) {
					break
				}
				if time.Now().After(until) {
					t.Fatalf("it isn't back: %v %v, its lock is held: %v", info, err, isHeld(dir))
				}
			}
			soon(t, dir, "/healthz")
			d.Close()
			if _, err := os.Lstat(filepath.Join(dir, SocketName)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("at the end it stays: %v", err)
			}
		})
	}
}

func TestAnothersSocketIsNotRemovedAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	soon(t, dir, "/healthz")
	others := filepath.Join(dir, "others")
	if err := os.WriteFile(others, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(others, filepath.Join(dir, SocketName)); err != nil {
		t.Fatal(err)
	}
	first.Close() // before it looks again
	if _, err := os.Lstat(filepath.Join(dir, SocketName)); err != nil {
		t.Error(err)
	}
}
