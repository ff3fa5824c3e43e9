package lastgood

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

// writerVariable has the folder to which this test's binary writes, again and again, until it is killed.
const writerVariable = "OTAI_TEST_WRITER"

func TestMain(m *testing.M) {
	folder := os.Getenv(writerVariable)
	if folder == "" {
		os.Exit(m.Run())
	}
	for n := 0; ; n++ {
		if err := Write(folder, ofRound(n)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if n == 0 {
			fmt.Println("has begun")
		}
	}
}

// ofRound is some megabytes, all of which say in which round they were written.
func ofRound(n int) Configuration {
	return Configuration{Time: time.Unix(int64(n), 0).UTC(), Sources: []File{{Path: "/a/config.yml", Data: bytes.Repeat([]byte{byte(n)}, 3<<20)}}}
}

// TestWhoeverWritesACopyIsKilled in the middle of it: the one before is there, or the new one.
func TestWhoeverWritesACopyIsKilled(t *testing.T) {
	folder := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 5))
	kills := 12
	if os.Getenv("OTAI_TEST_ALL") != "" {
		kills = 200
	}
	t.Logf("seed %d, %d kills", seed, kills)
	half := 0
	for range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerVariable+"="+folder)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = out.Read(make([]byte, 16)) // it has begun
		time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		c, err := Read(folder)
		if err != nil {
			t.Fatal(err)
		}
		if want := ofRound(int(c.Time.Unix())); !bytes.Equal(c.Sources[0].Data, want.Sources[0].Data) {
			t.Fatal("it is of two rounds")
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		half = max(half, len(entries)-1)
	}
	if half > 1 {
		t.Errorf("%d unfinished files were left", half)
	}
}
