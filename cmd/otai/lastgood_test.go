package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"aead.dev/minisign"

	"github.com/open-ticket-ai/otai/internal/lastgood"
)

const (
	lastGoodLine = `"message":"the configuration is wrong: the last good one runs instead"`
	goesOnLine   = `"message":"the configuration or a plugin can't be used as it is now: what worked before goes on"`
	typingError  = "\nother: [1, 2\n"
)

// site is a configuration with its files and signed plugins, as an administrator has them.
type site struct {
	*witness
	t           *testing.T
	config, env string // the file, and the one with variables beside it
	plugins     string // their folder
	state       string
	key         string
}

// newSite has a folder of its own for all that can be changed.
func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{witness: newWitness(t), t: t, config: filepath.Join(dir, "config.yml"), env: filepath.Join(dir, ".env"), plugins: filepath.Join(dir, "plugins"), state: filepath.Join(t.TempDir(), "state")}
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.key = public.String()
	plugin, err := os.ReadFile(filepath.Join(product.plugins, "otai_otobo_znuny.so"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.plugins, 0o700); err != nil {
		t.Fatal(err)
	}
	s.write(s.plugin(), string(plugin))
	s.write(s.plugin()+".minisig", string(minisign.Sign(private, plugin)))
	s.write(s.env, "DESK_PASSWORD="+password+"\n")
	s.write(s.config, s.good())
	return s
}

func (s *site) plugin() string { return filepath.Join(s.plugins, "otai_otobo_znuny.so") }

func (s *site) write(path, text string) {
	s.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// good is the configuration that works; its last line belongs to the service.
func (s *site) good() string {
	return "trusted_keys: [" + s.key + "]\n" + rowConfig(3, `timeout: PT3S, late: PT2S, password: "${DESK_PASSWORD}"`, allInOneStep)
}

func (s *site) variables() []string {
	return slices.DeleteFunc(s.environment("OTAI_PLUGIN_DIR="+s.plugins, "OTAI_STATE_DIR="+s.state), func(e string) bool { return strings.HasPrefix(e, "OTAI_OTOBO_ZNUNY_PASSWORD=") })
}

// begin starts it with the folder of the configuration as the working directory.
func (s *site) begin(args ...string) *life {
	s.t.Helper()
	l := &life{Cmd: newCommand(product.otai, append([]string{"run", "--log-format", "json", "-c", "config.yml"}, args...)...), log: &buffer{}, ended: make(chan struct{})}
	l.Env, l.Dir = s.variables(), filepath.Dir(s.config)
	l.Stdout, l.Stderr = l.log, l.log
	return l.begin(s.t)
}

// works wants a new ticket to be done.
func (s *site) works() {
	s.t.Helper()
	ids := s.add("x")
	s.all(time.Minute, ids, whole)
	s.wantAllDone(ids, whole)
}

// code waits for the end of a process that ends by itself.
func (l *life) code(t *testing.T) int {
	t.Helper()
	select {
	case <-l.ended:
		return l.ProcessState.ExitCode()
	case <-time.After(2 * time.Minute):
		t.Fatal("it doesn't end by itself")
		return 0
	}
}

func (l *life) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(l.log.String(), text) {
			t.Errorf("it doesn't say %q", text)
		}
	}
}

// TestLastGood: a start with a wrong configuration runs the last one that worked, never with an
// older trust or wider bounds. One minute makes the copy for all rows.
func TestLastGood(t *testing.T) {
	t.Parallel()
	of := newSite(t)
	copied := filepath.Join(of.state, "last-good", "configuration")
	l := of.begin("--last-good")
	of.works()
	eventuallyWithin(t, 3*time.Minute, "it is kept", func() bool {
		_, err := os.Stat(copied)
		return err == nil
	})
	l.end(t)
	kept, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := lastgood.Decode(kept); err != nil || len(c.DotEnv)+len(c.Secrets) > 0 || len(c.Sources) != 1 || string(c.Sources[0].Data) != of.good() {
		t.Errorf("%+v, %v", c, err)
	}
	bounded := func(allow string) func(*site) {
		return func(s *site) { s.write(s.config, s.good()+"    allow: "+allow+"\n  other: { use: none:Such }\n") }
	}
	for _, tt := range []struct {
		what  string
		spoil func(s *site)
		ends  int      // the exit code; -1: it runs
		says  []string // in the log
	}{
		{"unreadable", func(s *site) { s.write(s.config, s.good()+typingError) }, -1, []string{lastGoodLine, "config.yml:"}},
		{"gone", func(s *site) { _ = os.Remove(s.config) }, -1, []string{lastGoodLine}},
		{"an unknown use", func(s *site) {
			s.write(s.config, strings.Replace(s.good(), "base:UpdateTicketPipe", "base:UpdateTicketPip", 1))
		}, -1, []string{lastGoodLine, "UpdateTicketPip"}},
		{"a narrower allow, and a mistake elsewhere", bounded("{ queues: [HR] }"), -1, []string{lastGoodLine}},
		{"a mistake in allow", bounded("{ queue: [HR] }"), 2, []string{"allow", "the last good configuration can't be used either"}},
		{"a revoked key, and a mistake elsewhere", func(s *site) {
			public, _, _ := minisign.GenerateKey(nil)
			s.write(s.config, strings.Replace(s.good(), s.key, public.String(), 1)+"  other: { use: none:Such }\n")
		}, 3, []string{"signed by"}},
		{"a refused plugin", func(s *site) { s.write(s.plugin(), "x") }, 3, nil},
		{"half a copy", func(s *site) {
			s.write(s.config, typingError)
			s.write(filepath.Join(s.state, "last-good", "configuration"), string(kept[:len(kept)/2]))
		}, 2, []string{"config.yml:", "the copy is damaged"}},
		{"no copy", func(s *site) {
			s.write(s.config, typingError)
			_ = os.Remove(filepath.Join(s.state, "last-good", "configuration"))
		}, 2, []string{"config.yml:", "there is none"}},
		{"a copy that others could have written", func(s *site) {
			s.write(s.config, typingError)
			_ = os.Chmod(filepath.Join(s.state, "last-good", "configuration"), 0o666)
		}, 2, []string{"config.yml:", "rm -r "}},
		{"a variable is gone", func(s *site) {
			s.write(s.config, typingError)
			_ = os.Remove(s.env)
		}, 2, []string{"config.yml:", "DESK_PASSWORD"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.key = of.key
			for _, f := range []string{s.plugin(), s.plugin() + ".minisig"} {
				_ = os.Remove(f)
				content, err := os.ReadFile(filepath.Join(of.plugins, filepath.Base(f)))
				if err != nil {
					t.Fatal(err)
				}
				s.write(f, string(content))
			}
			if err := os.MkdirAll(filepath.Join(s.state, "last-good"), 0o700); err != nil {
				t.Fatal(err)
			}
			// It names where it was: that is this site's now.
			moved := strings.ReplaceAll(string(kept), filepath.Dir(of.config), filepath.Dir(s.config))
			s.write(filepath.Join(s.state, "last-good", "configuration"), resum(moved))
			tt.spoil(s)
			l := s.begin("--last-good")
			if tt.ends >= 0 {
				if code := l.code(t); code != tt.ends {
					t.Errorf("exit code %d, want %d", code, tt.ends)
				}
				l.says(t, tt.says...)
				return
			}
			eventually(t, "it works", func() bool { return strings.Contains(l.log.String(), `"message":"otai runs"`) })
			s.wantStatus(l.Env, time.Minute, "it says that it is the last good one", blocked("configuration", "the last good configuration"))
			l.says(t, tt.says...)
			if strings.Contains(tt.what, "narrower") {
				ids := s.add("x")
				eventually(t, "it is refused", func() bool { return strings.Contains(l.log.String(), "a change that isn't allowed was not sent") })
				if got := s.ticket(ids[0]); got.Queue != "Incoming" {
					t.Errorf("the ticket is in %s", got.Queue)
				}
				l.end(t)
				return
			}
			s.works()
			s.write(s.config, s.good())
			if out, code := s.command(l.Env, "reload", "--wait"); code != 0 {
				t.Errorf("a corrected one: %d, %s", code, out)
			}
			s.wantStatus(l.Env, time.Minute, "it is ready again", isReady)
			s.works()
			l.end(t)
		})
	}
}

// TestWithoutLastGood: who leaves the flag out gets exit code 2, and nothing is kept.
func TestWithoutLastGood(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write(s.config, s.good()+typingError)
	if code := s.begin().code(t); code != 2 {
		t.Errorf("exit code %d", code)
	}
	for _, flag := range []string{"--once", "--until-empty", "--dry-run"} {
		l := s.begin("--last-good", flag)
		if code := l.code(t); code != 2 {
			t.Errorf("%s: exit code %d", flag, code)
		}
		l.says(t, "--last-good is for a service")
	}
}

// TestAWorkerThatDiesIsFollowedByWhatWorked: whatever is half written at that moment.
func TestAWorkerThatDiesIsFollowedByWhatWorked(t *testing.T) {
	t.Parallel()
	cut := func(path string) {
		if err := os.Truncate(path, 3000); err != nil {
			panic(err)
		}
	}
	for _, tt := range []struct {
		what  string
		spoil func(s *site)
		ends  int // -1: it goes on
	}{
		{"half of a configuration", func(s *site) { s.write(s.config, s.good()[:len(s.good())/2]+"\n  x: [") }, -1},
		{"no configuration", func(s *site) { _ = os.Remove(s.config) }, -1},
		{"a wrong configuration", func(s *site) { s.write(s.config, s.good()+"  other: { use: none:Such }\n") }, -1},
		{"half of a plugin", func(s *site) { cut(s.plugin()) }, -1},
		{"no plugin", func(s *site) { _ = os.Remove(s.plugin()) }, -1},
		{"no plugin folder", func(s *site) { _ = os.RemoveAll(s.plugins) }, -1},
		{"no signature", func(s *site) { _ = os.Remove(s.plugin() + ".minisig") }, -1},
		{"no variables", func(s *site) { _ = os.Remove(s.env) }, -1},
		{"half of all", func(s *site) {
			s.write(s.config, "a: [")
			s.write(s.env, "A='")
			cut(s.plugin())
			cut(s.plugin() + ".minisig")
		}, -1},
		{"a plugin is disabled, and a mistake elsewhere", func(s *site) {
			s.write(s.config, s.good()+"  other: {}\nplugins: [{ name: otai-otobo-znuny, enabled: false }]\n")
		}, 2},
		{"a plugin is pinned, and half there", func(s *site) {
			cut(s.plugin())
			s.write(s.config, s.good()+"plugins: [{ name: otai-otobo-znuny, sha256: "+strings.Repeat("a", 64)+" }]\n")
		}, 3},
		{"a mistake in the trusted keys", func(s *site) { s.write(s.config, "trusted_key: []\n"+s.good()) }, 2},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			l := s.begin()
			s.works()
			before := workerOf(t, l.Process.Pid)
			tt.spoil(s)
			for n := range 2 { // twice in a row
				if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				if tt.ends >= 0 {
					if code := l.code(t); code != tt.ends {
						t.Errorf("exit code %d, want %d", code, tt.ends)
					}
					l.says(t, "what worked before can't go on either")
					return
				}
				eventuallyWithin(t, 3*time.Minute, "it goes on", func() bool { return strings.Count(l.log.String(), goesOnLine) > n })
				s.works()
				s.wantStatus(l.Env, time.Minute, "it is ready, and status says why", func(parts []statusPart, ready bool) bool {
					return ready && slices.ContainsFunc(parts, func(p statusPart) bool {
						return p.Kind == "configuration" && p.State == "failing" && strings.Contains(p.Why, "goes on")
					})
				})
				before = workerOf(t, l.Process.Pid)
			}
			l.end(t)
			if code := l.ProcessState.ExitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// resum writes the checksum of a changed copy anew.
func resum(text string) string {
	head, content, _ := strings.Cut(text, "\n")
	sum := sha256.Sum256([]byte(content))
	return head[:len(head)-64] + hex.EncodeToString(sum[:]) + "\n" + content
}
