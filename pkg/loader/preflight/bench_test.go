package preflight_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// BenchmarkPreflight measures reading and checking a file beside the bare
// plugin.Open of it in a new process, both in each round. PREFLIGHT_BENCH names
// further plugins, as a list with colons.
func BenchmarkPreflight(b *testing.B) {
	if err := workshop.core(); err != nil {
		b.Fatal(err)
	}
	host := built("host-bare")
	image, err := preflight.Read(host)
	if err != nil {
		b.Fatal(err)
	}
	process, err := preflight.NewProcess(image)
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range append([]string{built("trimpath.so")}, filepath.SplitList(os.Getenv("PREFLIGHT_BENCH"))...) {
		b.Run(filepath.Base(path), func(b *testing.B) {
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			var checking, opening time.Duration
			for b.Loop() {
				start := time.Now()
				file, err := preflight.Read(path)
				if err == nil {
					err = process.Check(file)
				}
				checking += time.Since(start)
				if err != nil {
					b.Fatal(err)
				}
				opening += timeOpen(b, host, path)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(info.Size())/1e6, "MB")
			b.ReportMetric(checking.Seconds()*1000/float64(b.N), "preflight-ms")
			b.ReportMetric(opening.Seconds()*1000/float64(b.N), "open-ms")
			b.ReportMetric(float64(checking)/float64(opening), "ratio")
		})
	}
}

func timeOpen(b *testing.B, host, path string) time.Duration {
	b.Helper()
	output, err := exec.CommandContext(b.Context(), host, "-time", path).CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %s", err, output)
	}
	_, text, _ := strings.Cut(string(output), "\nnanoseconds ")
	var took time.Duration
	var failure string
	if _, err := fmt.Sscan(text, (*int64)(&took), &failure); err != nil || failure != "<nil>" {
		b.Fatalf("%s (%v)", output, err)
	}
	return took
}

// BenchmarkHost measures what a host does once.
func BenchmarkHost(b *testing.B) {
	if err := workshop.core(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := preflight.Read(built("host-trimpath")); err != nil {
			b.Fatal(err)
		}
	}
}
