package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type broken struct{}

func (broken) RoundTrip(*http.Request) (*http.Response, error) { panic("broken transport") }

// second is true from the second opening on, whoever opens: a file remembers it.
func second() bool {
	f, err := os.OpenFile(os.TempDir()+"/opened-"+kind(), os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return true
	}
	f.Close()
	return false
}

var _ = also(map[string]act{
	// Those that the issue shows.
	"secondexit":  {open: unseen(func() { os.Exit(5) })},
	"secondexit0": {open: unseen(func() { os.Exit(0) })},
	"daemon": {open: func() {
		c := exec.Command("/bin/sleep", "47")
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		_ = c.Start()
	}},
	"globals": {open: func() {
		http.DefaultTransport = broken{}
		http.DefaultClient.Timeout = 1
		slog.SetDefault(slog.New(slog.DiscardHandler))
		log.SetOutput(io.Discard)
		flag.CommandLine = nil
		os.Args = []string{"x"}
		runtime.GOMAXPROCS(1)
		debug.SetGCPercent(-1)
		time.Local = time.FixedZone("X", 3600)
	}},
	"killparent": {open: func() { _ = syscall.Kill(os.Getppid(), syscall.SIGKILL) }},
	"latepanic": {open: unseen(func() {
		go func() {
			time.Sleep(2 * time.Second)
			panic("late")
		}()
	})},
	"secretenv": {open: func() {
		f, err := os.OpenFile(os.TempDir()+"/seen-by-init", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return
		}
		defer f.Close()
		for _, e := range os.Environ() {
			if strings.Contains(e, "PASSWORD") || strings.Contains(e, "TOKEN") {
				fmt.Fprintln(f, probed(), e)
				fmt.Fprintln(os.Stderr, "SAW", e)
			}
		}
	}},
	"sigignore": {open: func() { signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP) }},
	"stdout":    {open: func() { fmt.Println("hello from init") }},

	// What only this process gets, and not the one that tries it.
	"open-exits-by-count": {open: func() {
		if second() {
			os.Exit(0)
		}
	}},
	"open-exits-by-variable": {open: func() {
		if _, host := os.LookupEnv("OTAI_STATE_DIR"); host {
			os.Exit(0)
		}
	}},
	"open-blocks":    {open: unseen(func() { select {} })},
	"open-goexit":    {open: unseen(func() { runtime.Goexit() })},
	"open-panics":    {open: unseen(func() { panic("not today") })},
	"open-overflows": {open: unseen(func() { overflow(0) })},
	"open-executes": {open: unseen(func() {
		_ = syscall.Exec("/bin/true", []string{"true"}, os.Environ())
	})},
	"open-closes-all": {open: unseen(func() {
		for fd := 3; fd < 1000; fd++ {
			_ = syscall.Close(fd)
		}
	})},
	"open-kills-group": {open: unseen(func() { _ = syscall.Kill(0, syscall.SIGKILL) })},
	"open-stops":       {open: unseen(func() { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) })},

	// What it leaves changed.
	"open-moves":   {open: unseen(func() { _ = os.Chdir(os.TempDir()) })},
	"open-umask":   {open: unseen(func() { syscall.Umask(0) })},
	"open-limits":  {open: unseen(func() { limit(syscall.RLIMIT_NOFILE, 12); limit(syscall.RLIMIT_FSIZE, 1<<20) })},
	"open-seconds": {open: unseen(func() { limit(syscall.RLIMIT_CPU, 1) })},
	"open-environment": {open: unseen(func() {
		_ = os.Setenv("HTTP_PROXY", "http://127.0.0.1:9")
		_ = os.Setenv("TZ", "Asia/Tokyo")
		_ = os.Unsetenv("HOME")
		_ = os.Setenv("PATH", "")
	})},
	"open-resolver": {open: unseen(func() { net.DefaultResolver = &net.Resolver{PreferGo: true} })},
	"open-contract": {open: unseen(func() {
		api.ErrTemporary = errors.New("other")
		api.ErrNotFound = api.ErrInvalid
	})},
	"open-memory": {open: unseen(func() { debug.SetMemoryLimit(1 << 20); debug.SetGCPercent(10000) })},
	"open-threads-bounded": {open: unseen(func() {
		debug.SetMaxThreads(14)
		for range 30 {
			go func() { _, _ = syscall.Read(blocking(), make([]byte, 1)) }()
		}
	})},
	"open-files":         {open: unseen(func() { os.Stdout, os.Stderr, os.Stdin = nil, nil, nil })},
	"open-closes-output": {open: unseen(func() { _ = syscall.Close(0); _ = syscall.Close(1); _ = syscall.Close(2) })},
	"open-redirects": {open: unseen(func() {
		if null, err := os.OpenFile("/dev/null", os.O_RDWR, 0); err == nil {
			_ = syscall.Dup3(int(null.Fd()), 1, 0)
			_ = syscall.Dup3(int(null.Fd()), 2, 0)
		}
	})},
	"open-resets-signals": {open: unseen(func() { signal.Reset() })},
	"open-logs":           {open: unseen(func() { log.SetFlags(0); log.SetPrefix("mine "); slog.SetLogLoggerLevel(slog.LevelError) })},
	"open-serves":         {open: unseen(func() { http.DefaultServeMux = nil; http.DefaultClient = nil })},
	"open-trace":          {open: unseen(func() { debug.SetTraceback("none"); _ = debug.SetCrashOutput(nil, debug.CrashOptions{}) }), start: later(func() { panic("nobody sees it") })},

	// What the process that tries it gets.
	"probe-kills-family": {open: func() {
		_ = syscall.Kill(os.Getppid(), syscall.SIGKILL)
		_ = syscall.Kill(0, syscall.SIGKILL)
	}},
	"probe-stops-parent": {open: func() {
		_ = syscall.Kill(os.Getppid(), syscall.SIGSTOP)
		select {}
	}},
	"probe-executes": {open: func() { _ = syscall.Exec("/bin/true", []string{"true"}, nil) }},
	"probe-answers": {open: func() {
		_, _ = syscall.Write(3, []byte(`{"report":{"metadata":{},"offers":[]}}`))
		os.Exit(0)
	}},

	// What it says of itself.
	"describe-exits":  {describe: unseen(func() { os.Exit(0) })},
	"describe-blocks": {describe: unseen(func() { select {} })},
	"describe-prints": {describe: func() { fmt.Println("CreatePlugin prints") }, plugin: func(p api.Plugin) api.Plugin {
		return printing{p}
	}},
	"describe-otherwise": {plugin: func(p api.Plugin) api.Plugin {
		if probed() {
			return p
		}
		return api.NewPlugin(p.Metadata())
	}},
	"describe-swapped": {plugin: func(p api.Plugin) api.Plugin {
		if probed() {
			return p
		}
		list := p.Injectables()
		list[0].Name, list[1].Name = list[1].Name, list[0].Name
		return api.NewPlugin(p.Metadata(), list...)
	}},
	"describe-nothing": {plugin: func(p api.Plugin) api.Plugin {
		if probed() {
			return p
		}
		return (*nothing)(nil)
	}},
	"describe-labels": {plugin: func(p api.Plugin) api.Plugin {
		if probed() {
			return p
		}
		list := p.Injectables()
		labels := map[string]string{"a": "b"}
		for n := range list {
			list[n].Labels = labels
		}
		go func() {
			for n := 0; ; n++ {
				labels[fmt.Sprint(n%100)] = "x"
			}
		}()
		return api.NewPlugin(p.Metadata(), list...)
	}},
})

type printing struct{ api.Plugin }

func (p printing) Metadata() api.Metadata {
	fmt.Println("Metadata prints")
	return p.Plugin.Metadata()
}

type nothing struct{ api.Plugin }

func limit(which int, to uint64) {
	var l syscall.Rlimit
	_ = syscall.Getrlimit(which, &l)
	l.Cur = to
	_ = syscall.Setrlimit(which, &l)
}

// blocking is a descriptor at which a read occupies a thread for ever.
func blocking() int {
	var p [2]int
	_ = syscall.Pipe2(p[:], syscall.O_CLOEXEC)
	return p[0]
}

func overflow(n int) int { return overflow(n+1) + n }
