package doors

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/files"
)

// The names of the socket in the state folder, and of the file whose lock says whose it is.
const (
	SocketName = "otai.sock"
	lockName   = "otai.sock.lock"
)

// errHeld means that another process answers at this state folder.
var errHeld = errors.New("another process has the socket")

// within is a short path to a name in an open folder: the path of a socket may only have a hundred
// bytes, and that of a state folder may have more.
func within(folder *os.File, name string) string {
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(folder.Fd())), name)
}

// listen takes the socket of a state folder, unless another living process has it: then the error is
// [errHeld]. Nobody but the owner can connect to it at any time.
func listen(dir string) (passable, *os.File, error) {
	folder, err := os.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	defer folder.Close()
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errHeld
		}
		return nil, nil, errors.Join(err, lock.Close())
	}
	path := within(folder, SocketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, errors.Join(err, lock.Close())
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = unix.Fchmod(int(fd), 0o600) }) // the file gets it at its birth
		return errors.Join(err, failed)
	}}
	any, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("listening at %s: %w", filepath.Join(dir, SocketName), err), lock.Close())
	}
	listener := any.(*net.UnixListener) // as "unix" says
	// It is removed by its name in the folder, which is closed here.
	listener.SetUnlinkOnClose(false)
	return listener, lock, nil
}

// paths are the files of a socket and of its lock, as they were when it began to listen: whoever
// looks for it goes by their names.
type paths struct {
	socket, lock         string
	socketFile, lockFile os.FileInfo // nil: not known
}

func pathsOf(dir string, lock *os.File) paths {
	p := paths{socket: filepath.Join(dir, SocketName), lock: filepath.Join(dir, lockName)}
	if info, err := os.Lstat(p.socket); err == nil && info.Mode().Type() == os.ModeSocket {
		p.socketFile = info
	}
	if info, err := lock.Stat(); err == nil {
		p.lockFile = info
	}
	return p
}

// there reports whether both are where they were. What can't be looked at is.
func (p paths) there() bool {
	return files.IsAt(p.socket, p.socketFile) && files.IsAt(p.lock, p.lockFile)
}

// remove takes the socket away, unless it is another's by now.
func (p paths) remove() {
	if p.socketFile != nil && files.IsAt(p.socket, p.socketFile) {
		_ = os.Remove(p.socket) // a dead one is replaced, too
	}
}
