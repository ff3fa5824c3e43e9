package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestAPlainUserWalksThePagesFromTheBundle does what README and getting-started say,
// word for word and nothing else, in an empty folder with an empty home: the commands
// and files are taken from the pages. What a page shows as output must be said.
func TestAPlainUserWalksThePagesFromTheBundle(t *testing.T) {
	t.Parallel()
	gettingStarted := pageSteps(t, filepath.Join(product.root, "docs", "getting-started.md"))

	t.Run("getting-started", func(t *testing.T) {
		w := newWalker(t, newPlainUser(t))
		w.walk(gettingStarted)
		if left := w.waiting(); left != 0 {
			t.Errorf("%d tickets are left in the queue", left)
		}
	})
	t.Run("README", func(t *testing.T) {
		w := newWalker(t, newPlainUser(t))
		page := pageSteps(t, filepath.Join(product.root, "README.md"))
		// It asks for a help desk, and names the page that brings one.
		desk := slices.IndexFunc(gettingStarted, func(s pageStep) bool { return strings.HasPrefix(s.text, "otai helpdesk") })
		w.ours = regexp.MustCompile(`(?m)^export (OTOBO_URL|OTAI_OTOBO_ZNUNY_PASSWORD)=\S+$`).FindAllString(allText(gettingStarted), -1)
		w.walk(page[:1])
		w.terminal = w.open()
		w.walk(gettingStarted[:desk+2])
		w.terminal = w.open()
		w.walk(page)
	})
}

// pageStep is a block of a page with the text above it.
type pageStep struct {
	block
	page, prose string
}

func pageSteps(t *testing.T, page string) []pageStep {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	var list []pageStep
	end := 0 // of the block before
	for _, b := range blocks(t, page) {
		list = append(list, pageStep{b, filepath.Base(page), strings.Join(lines[end:b.line-1], " ")})
		end = b.line + strings.Count(b.text, "\n") + 1
	}
	return list
}

func allText(list []pageStep) string {
	var all strings.Builder
	for _, s := range list {
		all.WriteString(s.text)
	}
	return all.String()
}

// walker is a user with terminals. port is another one than the pages' where that is
// taken on this machine.
type walker struct {
	*testing.T
	user     plainUser
	terminal *terminal
	home     string
	port     string
	ours     []string // instead of the exports for which a page wants the reader's own values
}

const pagesPort = "127.0.0.1:8080"

func newWalker(t *testing.T, user plainUser) *walker {
	t.Helper()
	w := &walker{T: t, user: user, home: user.folder + "-home", port: pagesPort}
	if err := os.Mkdir(w.home, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(w.home) })
	if user.process != nil {
		if err := os.Chown(w.home, int(user.process.Credential.Uid), int(user.process.Credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", pagesPort)
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		w.port = l.Addr().String()
	}
	l.Close()
	w.terminal = w.open()
	return w
}

// here is what the page says, with the port that is free.
func (w *walker) here(text string) string { return strings.ReplaceAll(text, pagesPort, w.port) }

var (
	savedAs = regexp.MustCompile("[Ss]ave this (?:one )?as\\s+`([^`]+)`")
	links   = regexp.MustCompile(`<(http://127\.0\.0\.1:[^>]*)>`)
)

func (w *walker) walk(list []pageStep) {
	w.Helper()
	for i, s := range list {
		at := fmt.Sprintf("%s:%d", s.page, s.line)
		if strings.Contains(s.prose, "second terminal") {
			w.terminal = w.open()
		}
		for _, link := range links.FindAllStringSubmatch(s.prose, -1) {
			w.visit(at, w.here(link[1]))
		}
		switch s.language {
		case "sh":
			if strings.Contains(s.prose, "From a checkout, with") { // the other way
				continue
			}
			var want []string
			if i+1 < len(list) && list[i+1].language == "output" {
				want = strings.Split(strings.TrimSpace(w.here(list[i+1].text)), "\n")
			}
			lines := strings.SplitAfter(strings.TrimSpace(w.here(s.text))+"\n", "\n")
			last := len(lines) - 2
			if last > 0 && goesOn(lines[last]) {
				w.run(at, strings.Join(lines[:last], ""), nil)
				lines = lines[last:]
			}
			w.run(at, strings.Join(lines, ""), want)
		case "yaml":
			name := savedAs.FindStringSubmatch(s.prose)
			if name == nil {
				w.Errorf("%s: the page does not say under which name to save this", at)
				continue
			}
			w.run(at, "cat >"+name[1]+" <<'END OF THE BLOCK'\n"+s.text+"END OF THE BLOCK\n", nil)
		case "output":
		default:
			w.Errorf("%s: nobody knows what to do with a block of %q", at, s.language)
		}
	}
}

// goesOn is true of a command that ends by Ctrl-C alone.
func goesOn(command string) bool {
	return strings.HasPrefix(command, "otai helpdesk") || strings.HasPrefix(command, "otai run") && !strings.Contains(command, "--once")
}

// visit opens a page of the help desk as a browser would.
func (w *walker) visit(at, url string) {
	w.Helper()
	answer, err := http.Get(url)
	if err != nil {
		w.Errorf("%s: %v", at, err)
		return
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		w.Errorf("%s: %s answers %s", at, url, answer.Status)
	}
}

// waiting is how many tickets the help desk has in the queue Incoming.
func (w *walker) waiting() int {
	w.Helper()
	var tickets []struct{ Queue string }
	answer, err := http.Get("http://" + w.port + "/_control/tickets")
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&tickets); err != nil {
		w.Fatal(err)
	}
	n := 0
	for _, t := range tickets {
		if t.Queue == "Incoming" {
			n++
		}
	}
	if len(tickets) == 0 {
		w.Error("the help desk has no tickets")
	}
	return n
}

// terminal is a shell. What one block exports, and the folder it changes to, hold in
// the next.
type terminal struct{ kept string }

func (w *walker) open() *terminal {
	kept, err := os.CreateTemp(w.home, "terminal-")
	if err != nil {
		w.Fatal(err)
	}
	defer kept.Close()
	fmt.Fprintf(kept, "cd '%s'\n", w.user.folder)
	if w.user.process != nil {
		if err := kept.Chown(int(w.user.process.Credential.Uid), int(w.user.process.Credential.Gid)); err != nil {
			w.Fatal(err)
		}
	}
	return &terminal{kept.Name()}
}

var exports = regexp.MustCompile(`^export (\w+)=`)

// run has a shell do the lines of a block, and wants its output. A command that goes
// on gets Ctrl-C once it has said that, but for the help desk, which stays.
func (w *walker) run(at, text string, want []string) {
	w.Helper()
	var script strings.Builder
	// The shell outlives a Ctrl-C that its command has answered.
	fmt.Fprintf(&script, "set -e\ntrap : INT\n. '%s'\n", w.terminal.kept)
	keep := fmt.Sprintf("{ export -p; echo \"cd '$PWD'\"; } >'%s'\n", w.terminal.kept)
	if strings.HasPrefix(text, "cat >") {
		script.WriteString(text)
	} else {
		for line := range strings.Lines(text) {
			if m := exports.FindStringSubmatch(line); m != nil {
				for _, ours := range w.ours {
					if exports.FindStringSubmatch(ours)[1] == m[1] {
						line = w.here(ours) + "\n"
					}
				}
			}
			script.WriteString(line + keep)
		}
	}
	cmd := newCommand("sh", "-c", script.String())
	cmd.Dir = w.user.folder
	// On a terminal the log is for people.
	cmd.Env = append(coverage(), "PATH=/usr/bin:/bin", "HOME="+w.home, "OTAI__INFRASTRUCTURE__LOGGING__FORMAT=console")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if w.user.process != nil {
		cmd.SysProcAttr.Credential = w.user.process.Credential
	}
	out := &buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if goesOn(text) {
		if want == nil {
			want = []string{"otai runs"}
		}
		eventually(w.T, fmt.Sprintf("%s: it says %q", at, want), func() bool { return missing(out.String(), want) == "" || len(ended) > 0 })
		stop := func(signal syscall.Signal) error {
			if err := syscall.Kill(-cmd.Process.Pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				w.Error(err)
			}
			return <-ended
		}
		if strings.HasPrefix(text, "otai helpdesk") {
			if len(ended) > 0 {
				w.Fatalf("%s: %v\n%s", at, <-ended, out)
			}
			w.Cleanup(func() { stop(syscall.SIGKILL) })
			return
		}
		ended <- stop(syscall.SIGINT)
	}
	if err := <-ended; err != nil {
		w.Errorf("%s: %v\n%s", at, err, out)
	}
	if strings.Contains(out.String(), "warning: ") || strings.Contains(out.String(), "advice: ") {
		w.Errorf("%s: a beginner reads\n%s", at, out)
	}
	if line := missing(out.String(), want); line != "" {
		w.Errorf("%s: the page shows %q, but what comes is\n%s", at, line, out)
	}
}

// missing is the first wanted line that does not come, in this order. … stands for
// anything within a line, and any white space for a blank.
func missing(out string, want []string) string {
	blank := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	for _, line := range want {
		found := false
		for said, rest, more := "", out, out != ""; more && !found; {
			said, rest, more = strings.Cut(rest, "\n")
			said = blank(said)
			found = true
			for piece := range strings.SplitSeq(line, "…") {
				_, behind, ok := strings.Cut(said, blank(piece))
				said, found = behind, found && ok
			}
			if found {
				out = rest
			}
		}
		if !found {
			return line
		}
	}
	return ""
}
