package processfacts

import (
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
)

// runtimes are the facts that Go's runtime keeps. Some are read only by being set.
func runtimes() []fact {
	return []fact{
		{name: "GOMAXPROCS", read: func() any { return runtime.GOMAXPROCS(0) }, set: func(v any) { n, _ := v.(int); runtime.GOMAXPROCS(n) }, show: plainly},
		{name: "GC percent", read: func() any { return int(int32(metric("/gc/gogc:percent"))) }, set: func(v any) { n, _ := v.(int); debug.SetGCPercent(n) }, show: plainly},
		{name: "memory limit", read: func() any { return int64(metric("/gc/gomemlimit:bytes")) }, set: func(v any) { n, _ := v.(int64); debug.SetMemoryLimit(n) }, show: plainly},
		{name: "most threads", read: func() any { return bySetting(debug.SetMaxThreads, 1<<20) }, set: func(v any) { n, _ := v.(int); debug.SetMaxThreads(n) }, show: plainly},
		{name: "largest stack", read: func() any { return bySetting(debug.SetMaxStack, 1<<30) }, set: func(v any) { n, _ := v.(int); debug.SetMaxStack(n) }, show: plainly},
		{name: "slog level of log", read: func() any { return bySetting(slog.SetLogLoggerLevel, slog.LevelError) }, set: func(v any) { l, _ := v.(slog.Level); slog.SetLogLoggerLevel(l) }, show: plainly},
		{name: "runtime.MemProfileRate", read: func() any { return runtime.MemProfileRate }, set: func(v any) { runtime.MemProfileRate, _ = v.(int) }, show: plainly},
		{name: "os.Args", read: func() any { return strings.Join(os.Args, "\x00") }, set: func(v any) {
			text, _ := v.(string)
			os.Args = slices.Clone(strings.Split(text, "\x00"))
		}},
	}
}

func metric(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}

// bySetting reads what is returned only by a change.
func bySetting[T any](set func(T) T, meanwhile T) T {
	was := set(meanwhile)
	set(was)
	return was
}
