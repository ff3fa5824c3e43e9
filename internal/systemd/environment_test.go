package systemd

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAnEnvironmentFileIsReadAsSystemdDoes(t *testing.T) {
	list, err := Environment(`# a comment
; another one

PLAIN=a value
  SPACES =x
`)
	if !errors.Is(err, ErrForm) || !strings.Contains(err.Error(), "line 5") {
		t.Errorf("%q, %v", list, err)
	}
	list, err = Environment("# a comment\n; another one\n\nPLAIN=a value \nDOLLAR=a$PLAIN\\$x\nDOUBLE=\"a \\\"b\\\" \\n $PLAIN\"\nSINGLE='a \\ \"b\"'\nPARTS=a\"b c\"'d e'\nLONG=one \\\n  two\nEMPTY=\nHASH=a#b\r\n")
	want := []string{"PLAIN=a value", "DOLLAR=a$PLAIN$x", `DOUBLE=a "b" \n $PLAIN`, `SINGLE=a \ "b"`, "PARTS=ab cd e", "LONG=one two", "EMPTY=", "HASH=a#b"}
	if err != nil || !slices.Equal(list, want) {
		t.Errorf("%v\n%q, want\n%q", err, list, want)
	}
	for _, text := range []string{"secret", "=secret", "1A=secret", "A-B=secret", "A='secret", `A="secret`} {
		if _, err := Environment(text); !errors.Is(err, ErrForm) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestSystemdReadsTheSame asks the systemd of this machine, where one runs.
func TestSystemdReadsTheSame(t *testing.T) {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		t.Skip("no systemd runs here")
	}
	text := "A=a value \nB=a$A\\$x\nC=\"a \\\"b\\\" \\n $A\"\nD='a \\ \"b\"'\nE=one \\\n  two\n"
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("systemd-run", "--pipe", "--wait", "--quiet", "-p", "EnvironmentFile="+file, "env").Output()
	if err != nil {
		t.Skipf("systemd-run: %v", err)
	}
	list, err := Environment(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range list {
		if !slices.Contains(strings.Split(string(out), "\n"), want) {
			t.Errorf("%q isn't among\n%s", want, out)
		}
	}
}
