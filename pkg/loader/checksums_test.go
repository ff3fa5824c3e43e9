package loader

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func testChecksums(t *testing.T, dir string, rest time.Duration) *checksums {
	t.Helper()
	c, err := openChecksums(testState(t, dir), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c.rest = rest
	return c
}

func sumOf(t *testing.T, c *checksums, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sum, _, err := c.of(file, path)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// misremember makes the one record say something that no file hashes to.
func misremember(t *testing.T, c *checksums) string {
	t.Helper()
	list := names(t, c.dir)
	if len(list) != 1 {
		t.Fatalf("records: %q", list)
	}
	var record checksumRecord
	if err := readRecord(c.privateFolder, list[0], &record); err != nil {
		t.Fatal(err)
	}
	record.SHA256 = record.SHA256[1:] + "0"
	if err := writeRecord(c.dir, list[0], record); err != nil {
		t.Fatal(err)
	}
	return record.SHA256
}

func TestAChecksumIsNotTakenAgainWhileTheFileIsTheSame(t *testing.T) {
	c := testChecksums(t, t.TempDir(), -time.Hour)
	path := write(t, t.TempDir(), "otai_x.so", content)
	sumOf(t, c, path)
	kept := misremember(t, c)
	if got := sumOf(t, c, path); got != kept {
		t.Errorf("the file was read again: %s", got)
	}
}

func TestAChangedFileIsReadAgain(t *testing.T) {
	changes := map[string]func(t *testing.T, path string) error{
		"other content of equal length and time": func(t *testing.T, path string) error {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			// The time of change counts in ticks of a few milliseconds.
			for time.Since(info.ModTime()) < 50*time.Millisecond {
				time.Sleep(time.Millisecond)
			}
			write(t, filepath.Dir(path), filepath.Base(path), "CONTENT of a plugin")
			return os.Chtimes(path, info.ModTime(), info.ModTime())
		},
		"another file by this name": func(t *testing.T, path string) error {
			return os.Rename(write(t, filepath.Dir(path), "new", "CONTENT of a plugin"), path)
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			c := testChecksums(t, t.TempDir(), -time.Hour)
			path := write(t, t.TempDir(), "otai_x.so", content)
			first := sumOf(t, c, path)
			if err := change(t, path); err != nil {
				t.Fatal(err)
			}
			fresh := testChecksums(t, t.TempDir(), -time.Hour)
			if got, want := sumOf(t, c, path), sumOf(t, fresh, path); got != want || got == first {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

func TestAChecksumOfAFileThatHasJustChangedIsNotKept(t *testing.T) {
	c := testChecksums(t, t.TempDir(), time.Hour)
	sumOf(t, c, write(t, t.TempDir(), "otai_x.so", content))
	if list := names(t, c.dir); len(list) != 0 {
		t.Errorf("kept: %q", list)
	}
}
