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

// forms are files, and what systemd makes of them; TestSystemdReadsTheSame asks it.
var forms = []struct {
	name, text string
	want       []string
}{
	{"comments and empty lines", "# a comment\n; another one\n\n  # and\nA=x\n", []string{"A=x"}},
	{"blanks at the end", "A=a value \t\nB=x", []string{"A=a value", "B=x"}},
	{"blanks around the name", "  A =x\n\tB\t= y\n", []string{"A=x", "B=y"}},
	{"a dollar sign", "A=x\nB=a$A\\$x${A}\n", []string{"A=x", "B=a$A$x${A}"}},
	{"double marks", "A=\"a \\\"b\\\" \\n $A\"\n", []string{`A=a "b" \n $A`}},
	{"single marks", "A='a \\ \"b\"'\n", []string{`A=a \ "b"`}},
	{"a password with an apostrophe", "A=O'Brien4711\n", []string{"A=O'Brien4711"}},
	{"a password with marks in it", "A=ab\"cd\"ef'gh'\n", []string{`A=ab"cd"ef'gh'`}},
	{"marks, then plain", "A=\"a b\"c'd \n", []string{"A=a bc'd"}},
	{"several in marks", "A=\"a \" 'b '\n", []string{"A=a b "}},
	{"a hash", "A=a#b # c\n", []string{"A=a#b # c"}},
	{"empty", "A=\nB=\"\"\nC= \n", []string{"A=", "B=", "C="}},
	{"a line goes on", "A=one \\\n  two\nB=x\n", []string{"A=one   two", "B=x"}},
	{"a line goes on in marks", "A=\"one\\\ntwo\"\nB='one\\\ntwo'\n", []string{"A=onetwo", "B=one\\\ntwo"}},
	{"several lines in marks", "A=\"one\ntwo\"\nB=x\n", []string{"A=one\ntwo", "B=x"}},
	{"lines of Windows", "A=x\r\nB=\"y\"\r\n", []string{"A=x", "B=y"}},
	{"lines of old", "A=x\rB=y\r", []string{"A=x", "B=y"}},
	{"backslashes", "A=a\\b\\\\c\\ \nB=\\'x\n", []string{`A=ab\c `, "B='x"}},
	{"a backslash at the end", "A=x\\", []string{"A=x"}},
	{"twice", "A=x\nA=y\n", []string{"A=x", "A=y"}},
	{"umlauts", "A=gr\u00fcn\n", []string{"A=gr\u00fcn"}},
}

func TestAnEnvironmentFileIsReadAsSystemdDoes(t *testing.T) {
	for _, row := range forms {
		t.Run(row.name, func(t *testing.T) {
			if list, err := Environment(row.text); err != nil || !slices.Equal(list, row.want) {
				t.Errorf("%v\n%q, want\n%q", err, list, row.want)
			}
		})
	}
}

func TestWhatIsNoEnvironmentFileNamesItsLine(t *testing.T) {
	for text, line := range map[string]string{
		"secret": "line 1", "=secret": "line 1", "A=x\n1A=secret": "line 2", "A-B=secret": "line 1",
		"A=\"x\ny\"\n\nA='secret": "line 4", `A="secret`: "line 1", `A="secret\`: "line 1",
		"export A=secret": "line 1", "\ufeffA=secret": "line 1", "A=sec\x00ret": "line 1", "A=x\nB=secret\xf6": "line 2",
	} {
		if _, err := Environment(text); !errors.Is(err, ErrForm) || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), line+" ") && !strings.HasSuffix(err.Error(), line) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestSystemdReadsTheSame asks the systemd of this machine, where one runs.
func TestSystemdReadsTheSame(t *testing.T) {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		t.Skip("no systemd runs here")
	}
	for _, row := range forms {
		t.Run(row.name, func(t *testing.T) { systemdReads(t, row.text) })
	}
}

func systemdReads(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("systemd-run", "--pipe", "--wait", "--quiet", "-p", "EnvironmentFile="+file, "env", "-0").Output()
	if err != nil {
		t.Skipf("systemd-run: %v", err)
	}
	list, err := Environment(text)
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]string{} // of a name counts
	for _, entry := range list {
		name, _, _ := strings.Cut(entry, "=")
		last[name] = entry
	}
	for _, want := range last {
		if !slices.Contains(strings.Split(string(out), "\x00"), want) {
			t.Errorf("%q isn't among\n%s", want, out)
		}
	}
}
