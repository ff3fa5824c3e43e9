package main_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk is a file system of that many megabytes on a disk of its own, all of which root may
// use, unlike one in memory: it writes late, and has journals and inodes.
func smallDisk(t *testing.T, megabytes int64) (dir string) {
	t.Helper()
	requireRoot(t)
	image := filepath.Join(t.TempDir(), "disk")
	writeAt(t, image, nil)
	must(t, os.Truncate(image, megabytes<<20))
	if out, err := newCommand("mkfs.ext4", "-q", "-F", "-m", "0", image).CombinedOutput(); err != nil {
		t.Skipf("no file system can be made here: %v %s", err, out)
	}
	dir = filepath.Join(openFolder(t), "disk")
	must(t, os.Mkdir(dir, 0o755))
	if out, err := newCommand("mount", "-o", "loop", image, dir).CombinedOutput(); err != nil {
		t.Skipf("no disk can be mounted here: %v %s", err, out)
	}
	t.Cleanup(func() { // by command: it gives the device back, too
		if out, err := newCommand("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
	return dir
}

// fill leaves that many bytes of a disk, and returns the file that makes room again.
func fill(t *testing.T, dir string, leave int64) string {
	t.Helper()
	name := filepath.Join(dir, "filling")
	file, err := os.Create(name)
	must(t, err)
	defer file.Close()
	for size := 1 << 20; size >= 512; {
		if _, err = file.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else {
			must(t, err)
		}
	}
	must(t, file.Sync())
	if leave > 0 {
		end, err := file.Seek(0, 2)
		must(t, err)
		must(t, file.Truncate(end-leave))
	}
	return name
}

// TestADiskThatFillsUp: nothing is lost, half done or done twice, and who looks sees why nothing
// goes on.
func TestADiskThatFillsUp(t *testing.T) {
	t.Parallel()
	t.Run("while a plugin is copied", func(t *testing.T) {
		t.Parallel()
		disk := smallDisk(t, 64)
		state := filepath.Join(disk, "state")
		must(t, os.Mkdir(state, 0o700))
		filling := fill(t, disk, 6<<20) // a plugin has 12 MB
		env := environment(t, "OTAI_STATE_DIR="+state)
		config := writeFile(t, nothingToDo)
		out, code := runIn(t.TempDir(), env, "run", "--once", "-c", config)
		if code != 3 || !strings.Contains(out, "(state-dir)") || !strings.Contains(out, "no space left") || !strings.Contains(out, "make room there") {
			t.Errorf("exit code %d:\n%s", code, out)
		}
		copies, err := os.ReadDir(filepath.Join(state, "plugins"))
		must(t, err)
		for _, c := range copies {
			if info, err := c.Info(); err != nil || info.Size() < 8<<20 {
				t.Errorf("a part of a copy is left: %v %v", info, err)
			}
		}
		must(t, os.Remove(filling))
		if out, code := runIn(t.TempDir(), env, "run", "--once", "-c", config); code != 0 {
			t.Errorf("with room, exit code %d:\n%s", code, out)
		}
	})
	t.Run("while tickets flow, and a worker dies", func(t *testing.T) {
		t.Parallel()
		disk := smallDisk(t, 64)
		state := filepath.Join(disk, "state")
		must(t, os.Mkdir(state, 0o700))
		w := newWitness(t)
		env := w.environment("OTAI_STATE_DIR=" + state)
		w.treats(func(q *request) treatment {
			if q.update() {
				return treatment{after: 20 * time.Millisecond}
			}
			return treatment{}
		})
		ids := w.addMany(20, "x")
		l := live(t, env, "run", "-c", writeFile(t, rowConfig(5, "timeout: PT3S, late: PT2S", allInOneStep)))
		w.all(time.Minute, ids, whole)
		filling := fill(t, disk, 0)
		ids = append(ids, w.addMany(400, "x")...) // more than there is room for in the store's files
		const unwritten = "the run store can't be written"
		eventually(t, "it says that the store can't be written", func() bool { return strings.Contains(l.log.String(), unwritten) })
		must(t, syscall.Kill(workerOf(t, l.Process.Pid), syscall.SIGSEGV))
		eventually(t, "the death is in the log", func() bool { return strings.Contains(l.log.String(), "the worker process died and is started again") })
		eventually(t, "the next worker says why it doesn't work", func() bool {
			_, after, _ := strings.Cut(l.log.String(), "the worker process died and is started again")
			return strings.Contains(after, "no space left") || strings.Contains(after, "disk is full") || strings.Contains(after, unwritten)
		})
		must(t, os.Remove(filling))
		w.all(2*time.Minute, ids, whole)
		l.end(t)
		if code := l.ProcessState.ExitCode(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		row(t, "a disk that fills up", "%s tickets, %v", strconv.Itoa(len(ids)), w.wantAllDone(ids, whole))
	})
}
