package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// maxUnsized bounds a file whose size the server doesn't say.
const maxUnsized = 64 << 20

var errTooLong = errors.New("is longer than promised")

// Progress receives how many bytes of a file are there. total is -1 if it isn't
// known.
type Progress func(file string, done, total int64)

// download brings the blobs of one model into the cache.
type download struct {
	client   *client
	cache    Cache
	ref      Reference
	progress Progress
	waits    func(file string) // another process downloads it
}

// blob makes sure that the content of file is in the cache. What is under its
// final name was checked, always.
func (d *download) blob(ctx context.Context, file string, m metadata) error {
	folder := filepath.Join(d.cache.model(d.ref.Name), "blobs")
	path := filepath.Join(folder, m.ETag)
	of := subject{ref: d.ref, file: file}
	if isFile(path) {
		return nil
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return diskError(of, folder, 0, err)
	}
	lock := filepath.Join(d.cache.folder, ".locks", filepath.Base(d.cache.model(d.ref.Name)), m.ETag+".lock")
	unlock, err := lockFile(ctx, lock, func() { d.waits(file) })
	if err != nil {
		return fmt.Errorf("waiting for another process that downloads %s: %w", of, err)
	}
	defer unlock()
	if isFile(path) {
		return nil
	}
	return d.fetch(ctx, of, path, m)
}

// fetch downloads into path.incomplete, from where a former download got to, and
// moves that to path once its checksum is right.
func (d *download) fetch(ctx context.Context, of subject, path string, m metadata) error {
	incomplete := path + ".incomplete"
	// Not through a link: what is written must stay in the cache.
	file, err := os.OpenFile(incomplete, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o666)
	if err != nil {
		return diskError(of, filepath.Dir(path), m.Size, err)
	}
	defer file.Close()
	for {
		resumed, err := d.fill(ctx, of, file, m)
		if err != nil {
			if isFull(err) || errors.Is(err, errTooLong) {
				// A disk that stays full because of us harms everything else on it.
				return errors.Join(err, os.Remove(incomplete))
			}
			return err
		}
		got, err := checksumOf(ctx, incomplete, m.ETag, nil)
		if err != nil {
			return fmt.Errorf("checking %s: %w", of, err)
		}
		if got == m.ETag {
			break
		}
		if !resumed {
			return errors.Join(fmt.Errorf("what came for %s is not what the server promised: its checksum is %s, not %s. "+
				"Nothing of it was kept; try again, and if it stays so, look for a proxy that changes downloads: %w", of, got, m.ETag, api.ErrTemporary), os.Remove(incomplete))
		}
		// The part that a former download left was damaged, as after a power cut.
		if err := file.Truncate(0); err != nil {
			return diskError(of, filepath.Dir(path), 0, err)
		}
	}
	// On the disk before it has its name: after a power cut a blob must not be empty.
	if err := file.Sync(); err != nil {
		return diskError(of, filepath.Dir(path), 0, err)
	}
	if err := os.Rename(incomplete, path); err != nil {
		return diskError(of, filepath.Dir(path), 0, err)
	}
	return nil
}

// fill downloads until all of the file is there, as far as its length says.
// resumed says that some of it was there before.
func (d *download) fill(ctx context.Context, of subject, file *os.File, m metadata) (resumed bool, err error) {
	info, err := file.Stat()
	if err != nil {
		return false, fmt.Errorf("keeping %s: %w", of, err)
	}
	have := info.Size()
	if (m.Size >= 0 && have > m.Size) || (m.Size < 0 && have > 0) {
		if err := file.Truncate(0); err != nil {
			return false, fmt.Errorf("keeping %s: %w", of, err)
		}
		have = 0
	}
	resumed = have > 0
	if need := m.Size - have; m.Size >= 0 && need > room(file) {
		return resumed, diskError(of, filepath.Dir(file.Name()), need, fmt.Errorf("%s are free: %w", size(room(file)), syscall.ENOSPC))
	}
	if resumed && d.progress != nil {
		d.progress(of.file, have, m.Size)
	}
	if have == m.Size {
		return resumed, nil
	}
	furthest := have
	return resumed, d.client.retries.repeat(ctx, func() (progress bool, err error) {
		have, err = d.receive(ctx, of, file, have, m)
		// Only beyond what was there: a server that can't continue would be asked forever.
		progress = have > furthest
		furthest = max(furthest, have)
		return progress, err
	})
}

// receive asks once for the rest of a file and writes what comes. It returns how
// much is there now.
func (d *download) receive(ctx context.Context, of subject, file *os.File, have int64, m metadata) (now int64, err error) {
	header := http.Header{}
	if have > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	answer, err := d.client.send(ctx, of, http.MethodGet, m.At, header, always)
	if err != nil {
		return have, err
	}
	defer answer.Body.Close()
	if have > 0 && !continues(answer, have) {
		// The server begins anew, or elsewhere than it was asked to.
		if answer.StatusCode == http.StatusPartialContent {
			return have, fmt.Errorf("%s was asked for from byte %d, and comes as %.200q: %w", of, have, answer.Header.Get("Content-Range"), api.ErrTemporary)
		}
		have = 0
	}
	if err := file.Truncate(have); err != nil {
		return have, diskError(of, filepath.Dir(file.Name()), 0, err)
	}
	limit := m.Size
	if limit < 0 {
		limit = maxUnsized
	}
	body := d.client.watched(answer.Body)
	buffer := make([]byte, 256<<10)
	for {
		n, readErr := body.Read(buffer)
		if have+int64(n) > limit {
			return have, fmt.Errorf("%s %w, which are %d bytes. Nothing of it was kept; try again: %w", of, errTooLong, limit, api.ErrInvalid)
		}
		if _, err := file.WriteAt(buffer[:n], have); err != nil {
			return have, diskError(of, filepath.Dir(file.Name()), 0, err)
		}
		have += int64(n)
		if n > 0 && d.progress != nil {
			d.progress(of.file, have, m.Size)
		}
		switch {
		case readErr == io.EOF && m.Size >= 0 && have < m.Size:
			return have, d.client.broken(of, fmt.Errorf("%d of %d bytes came", have, m.Size))
		case readErr == io.EOF:
			return have, nil
		case ctx.Err() != nil:
			return have, fmt.Errorf("downloading %s: %w; what came is kept, and the next download goes on from there", of, context.Cause(ctx))
		case readErr != nil:
			return have, d.client.broken(of, readErr)
		}
	}
}

// continues reports whether an answer goes on at byte have.
func continues(answer *http.Response, have int64) bool {
	return answer.StatusCode == http.StatusPartialContent &&
		strings.HasPrefix(answer.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", have))
}

// room is how many bytes the file's disk has left for us; many, if it doesn't say.
func room(file *os.File) int64 {
	var s syscall.Statfs_t
	if err := syscall.Fstatfs(int(file.Fd()), &s); err != nil || s.Blocks == 0 {
		return 1 << 62
	}
	return int64(s.Bavail) * s.Bsize
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// remove deletes a file that may not be there.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
