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
