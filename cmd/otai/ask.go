package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/open-ticket-ai/otai/internal/app/begin"
)

// asker asks people at a terminal. What it reads is read by a goroutine of its own, which at
// the end may be waiting for a line that nobody types: it ends with the process.
type asker struct {
	in    *os.File
	out   io.Writer
	lines chan typed
	want  chan struct{}
}

type typed struct {
	text string
	err  error
}

// newAsker returns nil if in or out is not a terminal.
func newAsker(in io.Reader, out io.Writer) *asker {
	file, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || !isTerminal(out) {
		return nil
	}
	a := &asker{in: file, out: out, lines: make(chan typed, 1), want: make(chan struct{}, 1)}
	go a.read()
	return a
}

// longestLine is more than anybody types.
const longestLine = 16 << 10

// read reads a line whenever one is wanted. A terminal gives at most one line at a time.
func (a *asker) read() {
	for range a.want {
		var line []byte
		var err error
		buffer := make([]byte, longestLine)
		for err == nil && !strings.Contains(string(line), "\n") && len(line) < longestLine {
			var n int
			n, err = a.in.Read(buffer)
			line = append(line, buffer[:n]...)
		}
		text, _, ended := strings.Cut(string(line), "\n")
		if ended {
			err = nil
		}
		a.lines <- typed{strings.TrimSuffix(text, "\r"), err}
	}
}

func (a *asker) end() { close(a.want) }

// ask returns what is typed, without the spaces around it unless it is hidden.
func (a *asker) ask(ctx context.Context, q begin.Question) (string, error) {
	show(a.out, "%s", q.Text)
	if q.Default != "" {
		show(a.out, " [%s]", q.Default)
	}
	fmt.Fprint(a.out, ": ")
	visible := func() {}
	if q.Hidden {
		var err error
		if visible, err = a.hide(); err != nil {
			return "", err
		}
	}
	a.want <- struct{}{}
	var line typed
	select {
	case line = <-a.lines:
	case <-ctx.Done():
		line.err = ctx.Err()
	}
	visible()
	if q.Hidden || line.err != nil {
		fmt.Fprintln(a.out) // the terminal has shown none
	}
	if errors.Is(line.err, io.EOF) {
		return "", io.EOF
	}
	if !q.Hidden {
		line.text = strings.TrimSpace(line.text)
	}
	return line.text, line.err
}

// hide keeps the terminal from showing what is typed, until the function that it returns is
// called. After a stop by Ctrl-Z and fg the shell may have let it be shown again.
func (a *asker) hide() (visible func(), err error) {
	fd := int(a.in.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("the password can't be asked for without being shown: %w", err)
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	hidden.Lflag |= unix.ICANON | unix.ISIG
	hidden.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &hidden); err != nil {
		return nil, fmt.Errorf("the password can't be asked for without being shown: %w", err)
	}
	continued, ended := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(continued, syscall.SIGCONT)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-continued:
				_ = unix.IoctlSetTermios(fd, unix.TCSETS, &hidden) // if it fails, the shell's own way stays
			case <-ended:
				return
			}
		}
	}()
	return func() {
		signal.Stop(continued)
		close(ended)
		<-done
		_ = unix.IoctlSetTermios(fd, unix.TCSETS, before) // there is nothing else to do about the terminal
	}, nil
}
