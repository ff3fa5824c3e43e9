package powercut

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// event is what happened to a file.
type event struct {
	file string
	kind byte // w, t(runcate), s(ync), d(elete)
	at   int64
	data []byte
}

// disk is a file system in memory that keeps its history.
type disk struct {
	mu    sync.Mutex
	files map[string][]byte
	log   []event
	named int
}

func (d *disk) now() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.log)
}

func (d *disk) happened(e event) {
	d.files[e.file] = apply(d.files[e.file], e)
	d.log = append(d.log, e)
}

func apply(content []byte, e event) []byte {
	switch e.kind {
	case 'w':
		if end := int(e.at) + len(e.data); end > len(content) {
			content = append(content, make([]byte, end-len(content))...)
		}
		copy(content[e.at:], e.data)
	case 't':
		if int(e.at) <= len(content) {
			content = content[:e.at]
		} else {
			content = append(content, make([]byte, int(e.at)-len(content))...)
		}
	}
	return content
}

// cut is the disk after a power cut at a moment: what was synced before it is there; of
// what was written since, whatever keep lets through.
func (d *disk) cut(at int, keep func(event) (event, bool)) *disk {
	synced := make(map[string]int)
	for i, e := range d.log[:at] {
		if e.kind == 's' {
			synced[e.file] = i
		}
	}
	out := &disk{files: make(map[string][]byte)}
	for i, e := range d.log[:at] {
		if e.kind == 'd' { // a journal, before the log is used
			delete(out.files, e.file)
			continue
		}
		last, ever := synced[e.file]
		if !ever || i > last {
			var stays bool
			if e, stays = keep(e); !stays {
				continue
			}
		}
		e.data = slices.Clone(e.data)
		out.files[e.file] = apply(out.files[e.file], e)
	}
	return out
}

func everything(e event) (event, bool) { return e, true }

// chance loses half of the writes, and tears some at the edge of a sector.
func chance(r *rand.Rand) func(event) (event, bool) {
	return func(e event) (event, bool) {
		switch r.IntN(5) {
		case 0, 1:
			return e, false
		case 2:
			if e.kind == 'w' && len(e.data) > 512 {
				e.data = e.data[:512*(1+r.IntN(len(e.data)/512))]
			}
		}
		return e, true
	}
}

// Open implements [vfs.VFS].
func (d *disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if name == "" {
		d.named++
		name = fmt.Sprint("temporary", d.named)
	}
	if _, ok := d.files[name]; !ok {
		if flags&vfs.OPEN_CREATE == 0 {
			return nil, flags, sqlite3.CANTOPEN
		}
		d.files[name] = nil
	}
	return &file{d, name}, flags, nil
}

// Delete implements [vfs.VFS].
func (d *disk) Delete(name string, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, name)
	d.log = append(d.log, event{name, 'd', 0, nil})
	return nil
}

// Access implements [vfs.VFS].
func (d *disk) Access(name string, _ vfs.AccessFlag) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(slices.Collect(maps.Keys(d.files)), name), nil
}

// FullPathname implements [vfs.VFS].
func (*disk) FullPathname(name string) (string, error) { return name, nil }

type file struct {
	d    *disk
	name string
}

func (*file) Close() error { return nil }

func (f *file) ReadAt(b []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	content := f.d.files[f.name]
	if at >= int64(len(content)) {
		return 0, io.EOF
	}
	n := copy(b, content[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(b []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.d.happened(event{f.name, 'w', at, slices.Clone(b)})
	return len(b), nil
}

func (f *file) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.d.happened(event{f.name, 't', size, nil})
	return nil
}

func (f *file) Sync(vfs.SyncFlag) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.d.happened(event{f.name, 's', 0, nil})
	return nil
}

func (f *file) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return int64(len(f.d.files[f.name])), nil
}

func (*file) Lock(vfs.LockLevel) error                        { return nil }
func (*file) Unlock(vfs.LockLevel) error                      { return nil }
func (*file) CheckReservedLock() (bool, error)                { return false, nil }
func (*file) SectorSize() int                                 { return 512 }
func (*file) DeviceCharacteristics() vfs.DeviceCharacteristic { return 0 }
