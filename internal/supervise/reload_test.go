package supervise

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// turn is a worker that can be replaced by another. The file says what one does that is beside
// another. Beside it, a lock is the store.
func turn(w *Worker, ctx context.Context, file string) int {
	does := ""
	if w.Beside() {
		text, err := os.ReadFile(file)
		if err != nil {
			return 1
		}
		does = string(text)
		fmt.Println("prepares", os.Getpid())
		switch does {
		case "refuses":
			w.Refuse("line 3 is wrong")
			return 2
		case "ends":
			return 1
		case "dies":
			os.Exit(5)
		case "hangs":
			time.Sleep(time.Hour)
		}
		place := "file"
		if does == "elsewhere" {
			place = "another"
		}
		handed, err := w.Prepared(ctx, place)
		if err != nil {
			return 0
		}
		if len(handed) > 0 {
			fmt.Println(string(handed))
		}
		fmt.Println("takes", os.Getpid())
		switch does {
		case "dies taking":
			os.Exit(5)
		case "ends taking":
			w.Refuse("there is no room")
			return 1
		case "hangs taking":
			time.Sleep(time.Hour)
		}
	}
	for {
		store, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return 1
		}
		if syscall.Flock(int(store.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			fmt.Println("both", os.Getpid())
			return 1
		}
		w.Took("file")
		w.Doing(StageReady, "", nil)
		fmt.Println("works", os.Getpid())
		select {
		case <-w.Yields():
			store.Close()
			fmt.Println("yields", os.Getpid())
			if does == "dies yielding" || os.Getenv("DIES") == "yielding" {
				os.Exit(5)
			}
			if os.Getenv("HANGS") == "yielding" {
				time.Sleep(time.Hour)
			}
			if w.Yielded(ctx, []byte("handed over")) {
				continue
			}
		case <-ctx.Done():
			store.Close()
		}
		fmt.Println("stops", os.Getpid())
		return 0
	}
}

func turning(t *testing.T, how string, env ...string) (*supervised, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "does")
	does(t, file, "works")
	return begin(t, how, env, "turns", file), file
}

func does(t *testing.T, file, what string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(what), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *supervised) says(what string, times int) {
	s.Helper()
	s.until(fmt.Sprintf("it says %q for the %d. time", what, times), func() bool { return strings.Count(s.out.String(), what) >= times })
}

const (
	reloaded    = "the configuration was reloaded"
	notReloaded = "the configuration was not reloaded"
)

// endInOrder stops it, and wants nothing to be left, and no two workers to have had the store.
func (s *supervised) endInOrder() {
	s.Helper()
	s.signal(syscall.SIGTERM)
	if code := s.end(); code != 0 {
		s.Errorf("the exit code is %d", code)
	}
	for _, word := range []string{"works", "prepares"} {
		for _, pid := range s.numbers(word) {
			if !gone(pid) {
				s.Errorf("process %d is left", pid)
			}
		}
	}
	if len(s.numbers("both")) > 0 {
		s.Error("two workers had the store at one time")
	}
}

func TestAnotherWorkerTakesThePlaceOfTheOneThatWorks(t *testing.T) {
	t.Parallel()
	s, _ := turning(t, "")
	old := s.number("works", 1)
	for n := range 5 {
		s.signal(syscall.SIGHUP)
		s.says(reloaded, n+1)
		s.until("the old one has ended", func() bool { return gone(old) })
		old = s.number("works", n+2)
		s.says("handed over", n+1)
	}
	s.endInOrder()
	if strings.Contains(s.out.String(), "died") {
		t.Error("one died")
	}
}

func TestWhatWorksGoesOnIfTheNewOneFails(t *testing.T) {
	t.Parallel()
	for what, want := range map[string]string{
		"refuses":      "line 3 is wrong",
		"ends":         "exit code 1",
		"dies":         "exit status 5",
		"hangs":        "not ready within",
		"elsewhere":    "needs a restart",
		"dies taking":  "exit status 5",
		"ends taking":  "there is no room",
		"hangs taking": "not ready within",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			how := ""
			if strings.HasPrefix(what, "hangs") {
				how = "quick"
			}
			s, file := turning(t, how)
			old := s.number("works", 1)
			does(t, file, what)
			s.signal(syscall.SIGHUP)
			s.says(notReloaded, 1)
			s.says(want, 1)
			if gone(old) || len(s.numbers("stops")) > 0 {
				t.Fatal("the old one has ended")
			}
			if strings.HasSuffix(what, "taking") {
				s.number("works", 2) // the old one again
			}
			does(t, file, "works")
			s.signal(syscall.SIGHUP)
			s.says(reloaded, 1)
			s.until("the old one has ended", func() bool { return gone(old) })
			s.endInOrder()
		})
	}
}

// Of what is asked for while one is under way, one follows, which takes the newest files.
func TestOneReloadAtATime(t *testing.T) {
	t.Parallel()
	s, _ := turning(t, "")
	s.number("works", 1)
	for range 20 {
		s.signal(syscall.SIGHUP)
		time.Sleep(2 * time.Millisecond)
	}
	s.says(reloaded, 2)
	time.Sleep(300 * time.Millisecond)
	if n := strings.Count(s.out.String(), reloaded); n > 20 {
		t.Errorf("%d", n)
	}
	s.endInOrder()
}

func TestAnEndDuringTheHandOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env, does, at string
		kill          string // the one that is killed then
	}{
		"the old one while the new one is prepared": {"A=", "hangs", "prepares", "old"},
		"the old one while it yields":               {"DIES=yielding", "works", "takes", ""},
		"the old one that has yielded":              {"A=", "hangs taking", "takes", "old"},
		"the new one while it is prepared":          {"A=", "hangs", "prepares", "new"},
		"the new one while it takes":                {"A=", "hangs taking", "takes", "new"},
		"an old one that does not yield":            {"HANGS=yielding", "works", "yields", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, file := turning(t, "quick", c.env)
			old := s.number("works", 1)
			does(t, file, c.does)
			s.signal(syscall.SIGHUP)
			pid := s.number(c.at, 1)
			does(t, file, "works")
			switch c.kill {
			case "old":
				_ = syscall.Kill(old, syscall.SIGKILL)
			case "new":
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			if c.env == "HANGS=yielding" { // it is as good as frozen, but reports: the new one gives way to it
				s.says(notReloaded, 1)
				s.signal(syscall.SIGTERM)
				s.end()
				return
			}
			if c.kill == "new" {
				s.says(notReloaded, 1)
			}
			s.until("one works", func() bool {
				works := s.numbers("works")
				last := works[len(works)-1]
				return (len(works) > 1 || c.kill == "new") && !gone(last)
			})
			s.endInOrder()
		})
	}
	for name, c := range map[string]struct{ does, at string }{
		"SIGTERM while the new one is prepared": {"hangs", "prepares"},
		"SIGTERM while the new one takes":       {"works", "takes"},
		"SIGTERM while the old one yields":      {"works", "yields"},
		"SIGTERM after it":                      {"works", "stops"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, file := turning(t, "")
			s.number("works", 1)
			does(t, file, c.does)
			s.signal(syscall.SIGHUP)
			s.number(c.at, 1)
			s.endInOrder()
		})
	}
	for _, at := range []string{"prepares", "takes", "yields"} {
		t.Run("SIGKILL of the supervisor when one "+at, func(t *testing.T) {
			t.Parallel()
			s, file := turning(t, "")
			old := s.number("works", 1)
			does(t, file, map[string]string{"prepares": "hangs", "takes": "hangs taking", "yields": "works"}[at])
			s.signal(syscall.SIGHUP)
			s.number(at, 1)
			s.signal(syscall.SIGKILL)
			s.until("both have ended", func() bool { return gone(old) && gone(s.number("prepares", 1)) })
		})
	}
}

func TestACommandThatEndsByItselfIsStoppedBySIGHUP(t *testing.T) {
	t.Parallel()
	s := begin(t, "once", nil, "work")
	s.number("works", 1)
	s.signal(syscall.SIGHUP)
	if code := s.end(); code != 0 || len(s.numbers("stops")) != 1 {
		t.Errorf("exit code %d", code)
	}
}

func TestAReloadCutsThePauseAfterADeathShort(t *testing.T) {
	t.Parallel()
	s, _ := turning(t, "")
	for n := range 5 { // the pause is 8 s then
		_ = syscall.Kill(s.number("works", n+1), syscall.SIGKILL)
	}
	began := time.Now()
	s.says("pause=8s", 1)
	s.signal(syscall.SIGHUP)
	s.number("works", 6)
	if took := time.Since(began); took > 7*time.Second {
		t.Errorf("it took %v", took)
	}
	s.says(reloaded, 1)
	s.endInOrder()
}
