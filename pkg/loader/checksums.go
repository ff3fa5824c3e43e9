package loader

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"os"
	"syscall"
	"time"
)

// checksums keeps what files hash to, because reading a large file takes longer
// than all else about it. A file with the same number, size and times has the same
// content: nobody can set the time of change, neither by writing nor by touching.
type checksums struct {
	privateFolder
	logger *slog.Logger
	rest   time.Duration   // see restAfterChange
	used   map[string]bool // base names
}

// Within this time of a change, another one may leave the times of a file as they
// are, since file systems count in steps of up to 2 s. So nothing is kept before.
const restAfterChange = 3 * time.Second

// checksumRecord is one file of the folder.
type checksumRecord struct {
	Path, SHA256 string
	Identity     identity
}

// identity is what changes with the content of a file.
type identity struct {
	Device, Inode, Size, Modified, Changed uint64
}

func openChecksums(s stateFolder, logger *slog.Logger) (*checksums, error) {
	f, err := s.openPrivate(checksumsFolder)
	if err != nil {
		return nil, err
	}
	return &checksums{privateFolder: f, logger: logger, rest: restAfterChange, used: make(map[string]bool)}, nil
}

// of returns the sha256 and the size of an open file, whose path only names it.
func (c *checksums) of(file *os.File, path string) (sum string, size int64, err error) {
	now, err := identify(file)
	if err != nil {
		return "", 0, err
	}
	key := sha256.Sum256([]byte(path))
	name := hex.EncodeToString(key[:16]) + ".json"
	c.used[name] = true
	var kept checksumRecord
	if err := readRecord(c.privateFolder, name, &kept); err == nil &&
		kept.Path == path && kept.Identity == now && len(kept.SHA256) == hex.EncodedLen(sha256.Size) {
		return kept.SHA256, int64(now.Size), nil
	}
	if sum, size, err = hash(file, io.Discard); err != nil {
		return "", 0, err
	}
	after, err := identify(file)
	if err != nil {
		return "", 0, err
	}
	if after == now && now.age() > c.rest {
		if err := writeRecord(c.dir, name, checksumRecord{Path: path, SHA256: sum, Identity: now}); err != nil {
			c.logger.Debug("can't keep a checksum", "path", c.dir, "err", err)
		}
	}
	return sum, size, nil
}

func identify(file *os.File) (identity, error) {
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(file.Fd()), &stat); err != nil {
		return identity{}, err
	}
	return identity{
		Device: stat.Dev, Inode: stat.Ino, Size: uint64(stat.Size),
		Modified: uint64(stat.Mtim.Nano()), Changed: uint64(stat.Ctim.Nano()),
	}, nil
}

// age is the time since the last change.
func (i identity) age() time.Duration {
	return time.Since(time.Unix(0, int64(max(i.Modified, i.Changed))))
}

func (c *checksums) removeUnused() {
	if c != nil {
		c.removeOld(c.used, c.logger)
	}
}
