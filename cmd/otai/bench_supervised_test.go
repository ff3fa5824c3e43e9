package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkSupervised compares, in turns, the start-up with a supervisor, that of a binary in
// which the command works itself, and `otai version`; and reads the private memory of a
// supervisor whose worker works.
func BenchmarkSupervised(b *testing.B) {
	dir := b.TempDir()
	config := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(config, []byte(startConfig), 0o600); err != nil {
		b.Fatal(err)
	}
	alone := filepath.Join(withoutSupervisor(b), "bin", "otai")
	command := func(binary string, args ...string) *exec.Cmd {
		cmd := newCommand(binary, args...)
		cmd.Env = []string{"HOME=" + dir, "OTAI_STATE_DIR=" + filepath.Join(dir, "state"), "OTAI_PLUGIN_DIR=" + product.plugins, "OTAI_OTOBO_ZNUNY_PASSWORD=" + password}
		return cmd
	}
	took := func(binary string, args ...string) (wall, cpu float64) { // ms
		cmd := command(binary, args...)
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		wall = time.Since(began).Seconds() * 1e3
		return wall, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds() * 1e3
	}
	var walls, cpus, versions, versionCPUs, memory []float64
	for b.Loop() {
		wall, cpu := took(product.otai, "run", "--once", "-c", config)
		wallAlone, cpuAlone := took(alone, "run", "--once", "-c", config)
		wallVersion, cpuVersion := took(product.otai, "version")
		walls, cpus = append(walls, wall-wallAlone), append(cpus, cpu-cpuAlone)
		versions, versionCPUs = append(versions, wallVersion), append(versionCPUs, cpuVersion)
	}
	for range 3 {
		cmd := command(product.otai, "run", "-c", config)
		log := &buffer{}
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		for deadline := time.Now().Add(30 * time.Second); !strings.Contains(log.String(), "otai runs"); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				killAll(cmd.Process)
				b.Fatal(log)
			}
		}
		time.Sleep(2 * time.Second)
		memory = append(memory, float64(figureOf(cmd.Process.Pid, "RssAnon"))/1024)
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			b.Fatalf("%v\n%s", err, log)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(walls), "ms-more")
	b.ReportMetric(median(versions), "ms-version")
	b.ReportMetric(median(cpus), "ms-cpu-more")
	b.ReportMetric(median(versionCPUs), "ms-cpu-version")
	b.ReportMetric(median(memory), "MB-supervisor")
}

// withoutSupervisor builds a binary whose `otai run` works in its own process.
func withoutSupervisor(b *testing.B) (dist string) {
	b.Helper()
	dist = b.TempDir()
	source := filepath.Join(product.root, "cmd", "otai", "run.go")
	content, err := os.ReadFile(source)
	if err != nil {
		b.Fatal(err)
	}
	const asks = "if c.settings.Worker == nil {"
	if bytes.Count(content, []byte(asks)) != 1 {
		b.Fatalf("%s asks for a worker in another way", source)
	}
	changed, overlay := filepath.Join(dist, "run.go"), filepath.Join(dist, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{source: changed}})
	if err == nil {
		content = bytes.Replace(content, []byte(asks), []byte("if c.settings.Worker == nil && os.Getenv(\"OTAI_SUPERVISED\") != \"\" {"), 1)
		content = bytes.Replace(content, []byte("\t\"io\"\n"), []byte("\t\"io\"\n\t\"os\"\n"), 1)
		err = errors.Join(os.WriteFile(changed, content, 0o600), os.WriteFile(overlay, replace, 0o600),
			goBuild(product.root, "-overlay", overlay, "-o", filepath.Join(dist, "bin", "otai"), "./cmd/otai"))
	}
	if err != nil {
		b.Fatal(err)
	}
	return dist
}
