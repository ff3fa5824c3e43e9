package systemd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// JournalVariable names the file that leads to the journal, as DEVICE:INODE.
const JournalVariable = "JOURNAL_STREAM"

// Priority is how important a line is, as syslog(3) counts.
type Priority int

// The priorities that are used here.
const (
	Error   Priority = 3
	Warning Priority = 4
	Info    Priority = 6
	Debug   Priority = 7
)

// Journal reports whether what is written to w goes to the journal. stream is the value of
// [JournalVariable], which the children of a service have, too, whose output goes elsewhere.
func Journal(w io.Writer, stream string) bool {
	file, ok := w.(*os.File)
	device, inode, named := strings.Cut(stream, ":")
	if !ok || !named {
		return false
	}
	wantDevice, err := strconv.ParseUint(device, 10, 64)
	if err != nil {
		return false
	}
	wantInode, err := strconv.ParseUint(inode, 10, 64)
	var stat unix.Stat_t
	return err == nil && unix.Fstat(int(file.Fd()), &stat) == nil && stat.Dev == wantDevice && stat.Ino == wantInode
}

// Prefix returns a writer whose lines the journal keeps with a priority. Each Write ends a line.
func Prefix(w io.Writer, p Priority) io.Writer { return prefixed{w, fmt.Sprintf("<%d>", p)} }

type prefixed struct {
	w    io.Writer
	mark string
}

func (p prefixed) Write(text []byte) (int, error) {
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		out.WriteString(p.mark)
		out.Write(line)
	}
	if _, err := p.w.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(text), nil
}
