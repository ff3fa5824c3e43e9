// A plugin in which nothing is wrong, and which is watched: each run of its pipe appends a
// line to a file, with what a hostile neighbor could have changed in the process.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"syscall"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type tickParams struct {
	File string `otai:"file,required"`
}

type tick struct {
	At    time.Time
	PID   int
	Facts map[string]string
}

func run(_ context.Context, p tickParams, _ api.Scope) (api.PipeResult, error) {
	line, err := json.Marshal(tick{At: time.Now(), PID: os.Getpid(), Facts: facts()})
	if err != nil {
		return api.PipeResult{}, err
	}
	// The system's own calls: what is replaced in the standard library doesn't matter.
	fd, err := syscall.Open(p.File, syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CREAT|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return api.PipeResult{}, err
	}
	_, err = syscall.Write(fd, append(line, '\n'))
	return api.PipeResult{}, errors.Join(err, syscall.Close(fd))
}

func facts() map[string]string {
	dir, _ := os.Getwd()
	f := map[string]string{
		"working directory":  dir,
		"GOMAXPROCS":         fmt.Sprint(runtime.GOMAXPROCS(0)),
		"time.Local":         time.Now().Format("MST -0700"),
		"os.Args":            fmt.Sprint(len(os.Args)),
		"transport":          fmt.Sprintf("%T", http.DefaultTransport),
		"client":             fmt.Sprintf("%v %v %p", http.DefaultClient.Timeout, http.DefaultClient.Transport, http.DefaultClient.CheckRedirect),
		"resolver":           fmt.Sprintf("%v %v", net.DefaultResolver.PreferGo, net.DefaultResolver.Dial != nil),
		"slog":               fmt.Sprintf("%T", slog.Default().Handler()),
		"log":                fmt.Sprintf("%T %q %d", log.Writer(), log.Prefix(), log.Flags()),
		"flag.CommandLine":   fmt.Sprint(flag.CommandLine != nil),
		"os.Stdout":          name(os.Stdout),
		"os.Stderr":          name(os.Stderr),
		"contract":           fmt.Sprint(api.ErrNotFound, api.ErrDenied, api.ErrInvalid, api.ErrTemporary, api.ErrUncertain),
		"contract, identity": fmt.Sprint(errors.Is(api.ErrTemporary, api.ErrInvalid)),
		"descriptors":        descriptors(),
	}
	for _, v := range []string{"HOME", "PATH", "TZ", "LANG", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "GODEBUG", "GOMAXPROCS", "LD_PRELOAD", "SSL_CERT_FILE"} {
		value, set := os.LookupEnv(v)
		f["variable "+v] = fmt.Sprint(value, set)
	}
	samples := []metrics.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}}
	metrics.Read(samples)
	for _, s := range samples {
		f[s.Name] = fmt.Sprint(s.Value.Uint64())
	}
	for name, which := range map[string]int{"descriptors": syscall.RLIMIT_NOFILE, "core": syscall.RLIMIT_CORE, "memory": syscall.RLIMIT_AS, "seconds": syscall.RLIMIT_CPU, "size": syscall.RLIMIT_FSIZE} {
		var l syscall.Rlimit
		_ = syscall.Getrlimit(which, &l)
		f["limit of "+name] = fmt.Sprint(l)
	}
	status, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(status) {
		if key, value, _ := strings.Cut(string(bytes.TrimSpace(line)), ":"); key == "Umask" || key == "SigIgn" || key == "SigCgt" {
			f[key] = strings.TrimSpace(value)
		}
	}
	return f
}

func name(f *os.File) string {
	if f == nil {
		return "nil"
	}
	return f.Name()
}

// descriptors is where 0 to 2 lead to.
func descriptors() string {
	var b strings.Builder
	for n := range 3 {
		to, err := os.Readlink(fmt.Sprint("/proc/self/fd/", n))
		if err != nil {
			to = "closed"
		}
		to, _, _ = strings.Cut(to, ":") // "pipe:[12]"
		fmt.Fprint(&b, to, " ")
	}
	return b.String()
}

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-z-ticking", Version: "1.0.0", API: ">=1.0.0 <2"},
		api.NewPipeFunc("Tick", "Leaves a line.", run),
	)
}

func main() {}
