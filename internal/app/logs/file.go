package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// openLogFile opens a log file for appending, and makes it where there is none. Where root
// does that in a folder of somebody else, it is done with that user's rights: as root's, the
// service could not write to the file any more, and a link there must not lead root elsewhere.
// stdout is what the process was given as its standard output.
func openLogFile(path string, stdout *os.File) (*os.File, error) {
	if own := standardStream(path, stdout); own != nil {
		return duplicate(own)
	}
	if os.Geteuid() != 0 {
		return openLog(func(flags int) (*os.File, error) { return os.OpenFile(path, flags, logFileMode) })
	}
	real, violation := loader.CheckPath(path, loader.Options{})
	switch {
	case violation == nil:
		return openLogOfRoot(real)
	case violation.Foreign:
		return openLogOf(violation, path)
	default:
		return openLogBelow(violation, path)
	}
}

const logFileMode = 0o640

// standardStream is what the process writes to already, as containers want logs to be. By
// its path it can't be opened where it is a socket.
func standardStream(path string, stdout *os.File) *os.File {
	switch filepath.Clean(path) {
	case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return stdout
	case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2":
		return os.Stderr
	}
	return nil
}

func duplicate(file *os.File) (*os.File, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		return nil, &fs.PathError{Op: "dup", Path: file.Name(), Err: err}
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), file.Name()), nil
}

// openLog opens the file in a way that doesn't wait for whoever reads a pipe, and judges it
// by its descriptor.
func openLog(open func(flags int) (*os.File, error)) (*os.File, error) {
	file, err := open(os.O_APPEND | os.O_WRONLY | os.O_CREATE | syscall.O_NONBLOCK | syscall.O_NOCTTY)
	if err != nil {
		// A pipe that nobody reads from, or a socket.
		if pathError := (*fs.PathError)(nil); errors.Is(err, syscall.ENXIO) && errors.As(err, &pathError) {
			return nil, fmt.Errorf("%s is a named pipe or a socket; %s", pathError.Path, wantLogFile)
		}
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !takesLogs(info) {
		err = fmt.Errorf("%s is %s; %s", file.Name(), files.Kind(info.Mode()), wantLogFile)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

const wantLogFile = "name a regular file, or leave log_to_file out: log lines go to standard error anyway"

// takesLogs is true for a regular file, a terminal or /dev/null.
func takesLogs(info fs.FileInfo) bool {
	return info.Mode().IsRegular() || info.Mode()&fs.ModeCharDevice != 0
}

// openLogOfRoot opens a file to which no link of somebody else leads. In a folder such as
// /tmp, others may still have put a file of theirs there, or a second name of another one.
func openLogOfRoot(real string) (*os.File, error) {
	file, err := openLog(func(flags int) (*os.File, error) {
		return os.OpenFile(real, flags|syscall.O_NOFOLLOW, logFileMode)
	})
	if err != nil {
		return nil, err
	}
	if folder, err := os.Stat(filepath.Dir(real)); err != nil || folder.Mode().Perm()&0o022 != 0 {
		return onlyOfRoot(file)
	}
	return file, nil
}

func onlyOfRoot(file *os.File) (*os.File, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.Mode().IsRegular() || ok && stat.Uid == 0 && stat.Nlink == 1 {
		return file, nil
	}
	return nil, errors.Join(
		fmt.Errorf("others can write to its folder, and %s isn't root's alone: it belongs to the user %d and has %d names; remove it, or name a file in another folder", file.Name(), stat.Uid, stat.Nlink),
		file.Close())
}

func openLogOf(violation *loader.Violation, path string) (file *os.File, err error) {
	err = withFilesOf(violation.Owner, groupOf(violation.Owner, violation.Path), func() error {
		file, err = openLog(func(flags int) (*os.File, error) { return os.OpenFile(path, flags, logFileMode) })
		return err
	})
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w for the user %d, to whom %s belongs and with whose rights root logs there", err, violation.Owner, violation.Path)
	}
	return file, err
}

// openLogBelow opens a file in a folder of root's that others can write to, as /var/log is
// on some systems, or further below. From there on no link is followed.
func openLogBelow(violation *loader.Violation, path string) (*os.File, error) {
	rest, below := strings.CutPrefix(filepath.Clean(path), violation.Path+"/")
	if !below {
		return nil, fmt.Errorf("%s: %s", violation.Cause, violation.Fix)
	}
	folder, err := syscall.Open(violation.Path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: violation.Path, Err: err}
	}
	defer func() { _ = syscall.Close(folder) }()
	names := strings.Split(rest, "/")
	for _, name := range names[:len(names)-1] {
		next, err := syscall.Openat(folder, name, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
		if err != nil {
			return nil, fmt.Errorf("%w (%s)", &fs.PathError{Op: "open the folder", Path: path, Err: err}, violation.Cause)
		}
		_ = syscall.Close(folder)
		folder = next
	}
	file, err := openLog(func(flags int) (*os.File, error) {
		opened, err := syscall.Openat(folder, names[len(names)-1], flags|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, logFileMode)
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
		return os.NewFile(uintptr(opened), path), nil
	})
	if err != nil {
		return nil, err
	}
	return onlyOfRoot(file)
}

// CheckFile returns what is already at path, such as "a named pipe", where a log file
// can't be, and what to do then; "" where nothing is wrong.
func CheckFile(path string) (kind, hint string) {
	info, err := os.Stat(path)
	if standardStream(path, os.Stdout) != nil || err != nil || takesLogs(info) {
		return "", ""
	}
	return files.Kind(info.Mode()), wantLogFile
}
