package supervise

import (
	"io"
	"os"
	"sync"
)

// replay gives each worker what is on standard input, from its beginning. It can be read once
// only, and never by a process in the background of a terminal, as a worker is.
type replay struct {
	mu    sync.Mutex
	more  sync.Cond
	kept  []byte
	ended bool
}

// newReplay reads from source until it ends, or has given so much.
func newReplay(source io.Reader, most int) *replay {
	r := &replay{}
	r.more.L = &r.mu
	go r.read(io.LimitReader(source, int64(most)))
	return r
}

// replayed is one that has been read to its end.
func replayed(content []byte) *replay {
	r := &replay{kept: content, ended: true}
	r.more.L = &r.mu
	return r
}

// over reports whether nothing more is to be read.
func (r *replay) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

func (r *replay) all() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept
}

// read ends with its source, or with the process.
func (r *replay) read(source io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := source.Read(buffer)
		r.mu.Lock()
		r.kept = append(r.kept, buffer[:n]...)
		r.ended = err != nil
		r.more.Broadcast()
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// open returns a pipe to read it from.
func (r *replay) open() (*os.File, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	go r.write(writer)
	return reader, nil
}

// write ends with the input, or with its reader.
func (r *replay) write(to *os.File) {
	defer to.Close()
	for written := 0; ; {
		r.mu.Lock()
		for written == len(r.kept) && !r.ended {
			r.more.Wait()
		}
		part := r.kept[written:]
		r.mu.Unlock()
		if len(part) == 0 {
			return
		}
		n, err := to.Write(part)
		if written += n; err != nil {
			return
		}
	}
}
