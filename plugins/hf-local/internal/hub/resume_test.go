package hub_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/hub/hubtest"
)

// childVariable makes the test binary a process that downloads the model, so that
// it can be killed.
const childVariable = "OTAI_HUB_TEST_CHILD"

func child() {
	if limit := os.Getenv("OTAI_HUB_TEST_LIMIT"); limit != "" {
		var n uint64
		fmt.Sscan(limit, &n)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
	}
	h := hub.New(hub.Options{Env: os.LookupEnv, Log: slog.New(slog.DiscardHandler), Pause: time.Millisecond})
	folder, err := h.Ensure(context.Background(), hub.Request{Name: name})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(folder)
	os.Exit(0)
}

// process starts a child on the world's cache.
func (w *world) process(t *testing.T, more ...string) (*exec.Cmd, *strings.Builder) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childVariable+"=1"), more...)
	for k, v := range w.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed: that is its error
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
	}
}

func (w *world) incomplete() string {
	etag := hubtest.ETag(w.files["model.safetensors"], true)
	return filepath.Join(w.cache, "models--org--tickets", "blobs", etag+".incomplete")
}

func TestAKilledProcessIsContinuedWhereItGotTo(t *testing.T) {
	for _, at := range []int{0, 1, 4096, 65537, 99_999} {
		t.Run(fmt.Sprintf("byte %d", at), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			reached := make(chan struct{})
			var once sync.Once
			w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
				if host != "cdn" {
					return false
				}
				rw.Header().Set("Content-Length", "100000")
				_, _ = rw.Write(w.files["model.safetensors"][:at])
				_ = http.NewResponseController(rw).Flush()
				once.Do(func() { close(reached) })
				<-r.Context().Done()
				return true
			})
			cmd, out := w.process(t)
			<-reached
			until(t, fmt.Sprintf("%d bytes are there: %s", at, out), func() bool {
				info, err := os.Stat(w.incomplete())
				return err == nil && info.Size() == int64(at)
			})
			kill(t, cmd)

			offline := hub.New(hub.Options{Env: environment(map[string]string{"HF_HUB_CACHE": w.cache, "HF_HUB_OFFLINE": "1"}), Log: slog.New(slog.DiscardHandler)})
			if folder, err := offline.Ensure(t.Context(), hub.Request{Name: name}); !errors.Is(err, api.ErrNotFound) {
				t.Errorf("half a model counts as one: %s, %v", folder, err)
			}
			w.server.Answer(nil)
			w.server.Requests()
			folder, err := w.ensure(t)
			if err != nil {
				t.Fatal(err)
			}
			w.wantModel(t, folder)
			want := ""
			if at > 0 {
				want = fmt.Sprintf("bytes=%d-", at)
			}
			requests := w.server.Requests()
			if last := requests[len(requests)-1]; last.Host != "cdn" || last.Range != want {
				t.Errorf("the last request is %+v, want the range %q", last, want)
			}
		})
	}
}

func TestAProcessKilledAtAnyRequestLeavesNoBrokenModel(t *testing.T) {
	var total int
	{
		w := newWorld(t)
		if _, err := w.ensure(t); err != nil {
			t.Fatal(err)
		}
		total = len(w.server.Requests())
	}
	if total != 16 {
		t.Fatalf("%d requests", total)
	}
	step := 3
	if os.Getenv("OTAI_TEST_ALL") != "" {
		step = 1
	}
	for at := 0; at < total; at += step {
		t.Run(fmt.Sprintf("request %d", at), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var n atomic.Int64
			reached := make(chan struct{})
			w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
				if n.Add(1) == int64(at)+1 {
					close(reached)
					<-r.Context().Done()
					return true
				}
				return false
			})
			cmd, _ := w.process(t)
			<-reached
			kill(t, cmd)
			w.server.Answer(nil)
			folder, err := w.ensure(t)
			if err != nil {
				t.Fatal(err)
			}
			w.wantModel(t, folder)
			if left := w.leftovers(t); left != nil {
				t.Errorf("left over: %v", left)
			}
		})
	}
}

func TestAConnectionCutAtAnyByteIsContinued(t *testing.T) {
	w := newWorld(t)
	weights := content(11, 1500)
	w.files["model.safetensors"] = weights
	w.commit = w.server.Add(name, w.files)
	step := 61
	if os.Getenv("OTAI_TEST_ALL") != "" {
		step = 1
	}
	for at := 0; at < len(weights); at += step {
		// Only the weights, since each other file would wait for the disk again.
		model := filepath.Join(w.cache, "models--org--tickets")
		for _, path := range []string{strings.TrimSuffix(w.incomplete(), ".incomplete"), filepath.Join(model, "snapshots", w.commit, "model.safetensors")} {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
		}
		var cut atomic.Bool
		w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
			if host != "cdn" || cut.Swap(true) {
				return false
			}
			rw.Header().Set("Content-Length", strconv.Itoa(len(weights)))
			_, _ = rw.Write(weights[:at])
			_ = http.NewResponseController(rw).Flush()
			panic(http.ErrAbortHandler)
		})
		w.server.Requests()
		folder, err := w.ensure(t)
		if err != nil {
			t.Fatalf("cut at %d: %v", at, err)
		}
		w.wantModel(t, folder)
		requests := w.server.Requests()
		want := ""
		if at > 0 {
			want = fmt.Sprintf("bytes=%d-", at)
		}
		if last := requests[len(requests)-1]; last.Range != want {
			t.Errorf("cut at %d: the last range is %q", at, last.Range)
		}
	}
}

func TestAConnectionCutAtAnyRequestIsMadeAgain(t *testing.T) {
	for at := range 16 {
		w := newWorld(t)
		var n atomic.Int64
		w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
			if n.Add(1) == int64(at)+1 {
				panic(http.ErrAbortHandler)
			}
			return false
		})
		folder, err := w.ensure(t)
		if err != nil {
			t.Fatalf("request %d: %v", at, err)
		}
		w.wantModel(t, folder)
	}
}

func TestAServerThatCantContinueBeginsAnew(t *testing.T) {
	tests := map[string]func(rw http.ResponseWriter, weights []byte){
		"it sends all": func(rw http.ResponseWriter, weights []byte) { _, _ = rw.Write(weights) },
		"it begins elsewhere, once": func(rw http.ResponseWriter, weights []byte) {
			rw.Header().Set("Content-Range", fmt.Sprintf("bytes 7-%d/%d", len(weights)-1, len(weights)))
			rw.WriteHeader(http.StatusPartialContent)
			_, _ = rw.Write(weights[7:])
		},
	}
	for what, answer := range tests {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			weights := w.files["model.safetensors"]
			var n atomic.Int64
			w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
				if host != "cdn" {
					return false
				}
				switch n.Add(1) {
				case 1:
					rw.Header().Set("Content-Length", strconv.Itoa(len(weights)))
					_, _ = rw.Write(weights[:50_000])
					_ = http.NewResponseController(rw).Flush()
					panic(http.ErrAbortHandler)
				case 2:
					answer(rw, weights)
					return true
				}
				return false
			})
			folder, err := w.ensure(t)
			if err != nil {
				t.Fatal(err)
			}
			w.wantModel(t, folder)
		})
	}
}

func TestAServerThatNeverGetsFurtherIsGivenUp(t *testing.T) {
	w := newWorld(t)
	weights := w.files["model.safetensors"]
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		if host != "cdn" {
			return false
		}
		rw.Header().Set("Content-Length", strconv.Itoa(len(weights))) // 200: from the beginning, each time
		_, _ = rw.Write(weights[:50_000])
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	})
	if _, err := w.ensure(t); !errors.Is(err, api.ErrTemporary) || !strings.Contains(err.Error(), "connection broke") {
		t.Errorf("error is %v", err)
	}
	if info, err := os.Stat(w.incomplete()); err != nil || info.Size() != 50_000 {
		t.Errorf("what came is not kept: %v", err)
	}
}

func TestAWrongChecksumIsRefusedAndNothingKept(t *testing.T) {
	for _, file := range []string{"model.safetensors", "config.json"} {
		w := newWorld(t)
		w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
			if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, file) || (host == "hub" && file == "model.safetensors") {
				return false
			}
			bad := slices.Clone(w.files[file])
			bad[len(bad)/2] ^= 1
			_, _ = rw.Write(bad)
			return true
		})
		_, err := w.ensure(t)
		if err == nil || !strings.Contains(err.Error(), "checksum") || !strings.Contains(err.Error(), file) {
			t.Fatalf("%s: error is %v", file, err)
		}
		model := filepath.Join(w.cache, "models--org--tickets")
		etag := hubtest.ETag(w.files[file], file == "model.safetensors")
		for _, path := range []string{
			filepath.Join(model, "blobs", etag), filepath.Join(model, "blobs", etag+".incomplete"),
			filepath.Join(model, "snapshots", w.commit, file), filepath.Join(model, "refs", "main"),
		} {
			if _, err := os.Lstat(path); err == nil {
				t.Errorf("%s was kept", path)
			}
		}
		w.server.Answer(nil)
		folder, err := w.ensure(t)
		if err != nil {
			t.Fatal(err)
		}
		w.wantModel(t, folder)
	}
}

func TestADamagedPartOfAFormerDownloadIsDroppedByItself(t *testing.T) {
	for _, n := range []int{50_000, 100_000, 150_000} {
		w := newWorld(t)
		if err := os.MkdirAll(filepath.Dir(w.incomplete()), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(w.incomplete(), make([]byte, n), 0o600); err != nil {
			t.Fatal(err)
		}
		folder, err := w.ensure(t)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		w.wantModel(t, folder)
	}
}

func TestMoreThanWasPromisedIsRefusedAndNothingKept(t *testing.T) {
	w := newWorld(t)
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		if host == "cdn" {
			_, _ = rw.Write(content(20, 300_000))
		}
		return host == "cdn"
	})
	if _, err := w.ensure(t); err == nil || !strings.Contains(err.Error(), "longer") {
		t.Errorf("error is %v", err)
	}
	if left := w.leftovers(t); left != nil {
		t.Errorf("left over: %v", left)
	}
}

func TestSeveralAtOnceDownloadOnce(t *testing.T) {
	w := newWorld(t)
	var group sync.WaitGroup
	for range 4 {
		h := hub.New(hub.Options{Env: environment(w.env), Log: slog.New(slog.DiscardHandler), Pause: time.Millisecond})
		for range 2 {
			group.Go(func() {
				if _, err := h.Ensure(context.Background(), hub.Request{Name: name}); err != nil {
					t.Error(err)
				}
			})
		}
		defer h.Close()
	}
	group.Wait()
	folder, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	w.wantModel(t, folder)
	n := 0
	for _, r := range w.server.Requests() {
		if r.Host == "cdn" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the weights were downloaded %d times", n)
	}
}

func TestWaitingForALockEndsWithTheContext(t *testing.T) {
	w := newWorld(t)
	etag := hubtest.ETag(w.files["config.json"], false)
	path := filepath.Join(w.cache, ".locks", "models--org--tickets", etag+".lock")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h := hub.New(hub.Options{Env: environment(w.env), Pause: time.Millisecond, Log: slog.New(slog.NewTextHandler(writer(func(p []byte) {
		if strings.Contains(string(p), "another process") {
			cancel()
		}
	}), nil))})
	defer h.Close()
	if _, err := h.Ensure(ctx, hub.Request{Name: name}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

func TestAFullDiskIsSaidBeforeTheDownload(t *testing.T) {
	w := newWorld(t)
	w.server.Answer(func(rw http.ResponseWriter, r *http.Request, host string) bool {
		if r.Method == http.MethodHead && strings.HasSuffix(r.URL.Path, "model.safetensors") {
			rw.Header().Set("X-Linked-Etag", `"`+strings.Repeat("ab", 32)+`"`)
			rw.Header().Set("X-Linked-Size", "1000000000000000000")
			rw.Header().Set("Location", w.server.CDN)
			rw.WriteHeader(http.StatusFound)
			return true
		}
		return false
	})
	_, err := w.ensure(t)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("error is %v", err)
	}
	for _, s := range []string{"disk is full", "model.safetensors", "1000000000 GB", "free", w.cache, "cache_dir"} {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%q doesn't say %q", err, s)
		}
	}
}

func TestADiskThatFillsUpMeanwhileKeepsNothingOfTheFile(t *testing.T) {
	// A file size limit of the process stands for the disk: both end a write midway.
	w := newWorld(t)
	cmd, out := w.process(t, "OTAI_HUB_TEST_LIMIT=30000")
	if err := cmd.Wait(); err == nil || !strings.Contains(out.String(), "model.safetensors") || !strings.Contains(out.String(), "too large") {
		t.Errorf("%v: %s", err, out)
	}
	if left := w.leftovers(t); left != nil {
		t.Errorf("left over: %v", left)
	}
	folder, err := w.ensure(t)
	if err != nil {
		t.Fatal(err)
	}
	w.wantModel(t, folder)
}

func TestATmpfsThatIsFullIsNamed(t *testing.T) {
	w := newWorld(t)
	if err := os.MkdirAll(w.cache, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", w.cache, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("a small file system can't be mounted here: %v", err)
	}
	defer syscall.Unmount(w.cache, 0) // the folder is removed with the test
	_, err := w.ensure(t)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("error is %v", err)
	}
}

func TestACacheThatMayNotBeWrittenIsNamed(t *testing.T) {
	w := newWorld(t)
	if err := os.WriteFile(w.cache, nil, 0o600); err != nil { // a file where the folder should be: also root fails
		t.Fatal(err)
	}
	if _, err := w.ensure(t); err == nil || !strings.Contains(err.Error(), w.cache) {
		t.Errorf("error is %v", err)
	}
}

func TestAProxyOfTheEnvironmentIsUsed(t *testing.T) {
	w := newWorld(t)
	// A server that takes any host's requests is all that a proxy for http is.
	w.env["HF_ENDPOINT"] = "http://hub.invalid"
	cmd, out := w.process(t, "HTTP_PROXY="+w.server.URL, "http_proxy=", "NO_PROXY=")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w.wantModel(t, strings.TrimSpace(out.String()))
}

func TestNothingIsWrittenThroughALink(t *testing.T) {
	w := newWorld(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.MkdirAll(filepath.Dir(w.incomplete()), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, w.incomplete()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ensure(t); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("the link was followed")
	}
}
