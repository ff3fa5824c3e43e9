package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

var errClosed = errors.New("the service is closed")

// models are the models that one service keeps, until close or until one of these:
// they take more memory than they may, which ends those that were not used longest,
// or a newer revision took their name. A model in use is never ended, and the one
// that was used last neither, since it will be wanted next.
type models struct {
	shelf *shelf
	bound int64 // bytes; 0 is none
	key   func(folder string) shelfKey
	load  func(ctx context.Context, folder string) (classifier, error)

	mu     sync.Mutex
	kept   map[shelfKey]*keptModel
	clock  uint64  // counts uses
	errs   []error // of models that were ended
	closed bool
	users  sync.WaitGroup // calls between acquire and release
}

// keptModel is guarded by the mu of its models.
type keptModel struct {
	name     string
	place    *place
	bytes    int64
	users    int
	used     uint64 // when it was last used
	replaced bool   // by another folder for its name
}

// loaded returns the model in folder if it is kept. Like that of acquire, it stays
// loaded until release.
func (m *models) loaded(folder string) (c classifier, release func(), ok bool) {
	key := m.key(folder)
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.kept[key]
	if !ok || m.closed {
		return nil, nil, false
	}
	m.users.Add(1)
	return k.place.model, m.use(k), true
}

// acquire returns the model called name, which is in folder and is loaded if it
// isn't yet.
func (m *models) acquire(ctx context.Context, name, folder string) (c classifier, release func(), err error) {
	if c, release, ok := m.loaded(folder); ok {
		return c, release, nil
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil, nil, errClosed
	}
	m.users.Add(1)
	m.mu.Unlock()
	defer func() {
		if c == nil {
			m.users.Done()
		}
	}()

	// Room first, so that the old and the new are not there together.
	bytes := memoryOf(folder)
	m.makeRoom(bytes)
	place, err := m.shelf.take(ctx, m.key(folder), func(ctx context.Context) (classifier, error) { return m.load(ctx, folder) })
	if err != nil {
		return nil, nil, inShort(err)
	}
	k, release := m.keep(name, place, bytes)
	m.makeRoom(0) // others may have been loaded meanwhile
	return k.place.model, release, nil
}

// keep takes a model into use. If another call of this service was quicker, its
// place is the one that stays.
func (m *models) keep(name string, p *place, bytes int64) (*keptModel, func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k, ok := m.kept[p.key]; ok {
		m.end(p)
		return k, m.use(k)
	}
	for _, other := range m.kept {
		other.replaced = other.replaced || other.name == name
	}
	k := &keptModel{name: name, place: p, bytes: bytes}
	m.kept[p.key] = k
	return k, m.use(k)
}

// use marks k as used from now until release. Its caller holds mu.
func (m *models) use(k *keptModel) (release func()) {
	m.clock++
	k.used = m.clock
	k.users++
	return func() {
		m.mu.Lock()
		k.users--
		m.mu.Unlock()
		m.makeRoom(0)
		m.users.Done()
	}
}

// end puts a model back. Its caller holds mu.
func (m *models) end(p *place) {
	if err := m.shelf.putBack(p); err != nil {
		m.errs = append(m.errs, err)
	}
}

// makeRoom ends idle models until so many bytes more are within the bound.
func (m *models) makeRoom(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		total := bytes
		var oldest *keptModel
		for _, k := range m.kept {
			total += k.bytes
			lastUsed := k.used == m.clock && bytes == 0
			if k.users == 0 && !lastUsed && (oldest == nil || older(k, oldest)) {
				oldest = k
			}
		}
		tooMuch := m.bound > 0 && total > m.bound
		if oldest == nil || !tooMuch && !oldest.replaced {
			return
		}
		delete(m.kept, oldest.place.key)
		m.end(oldest.place)
	}
}

// older orders models by when they are ended.
func older(a, b *keptModel) bool {
	if a.replaced != b.replaced {
		return a.replaced
	}
	return a.used < b.used
}

// close refuses new calls, waits for the running ones and puts the models back.
func (m *models) close() error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.users.Wait()

	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.kept {
		m.end(k.place)
	}
	m.kept = nil
	err := errors.Join(m.errs...)
	m.errs = nil
	return err
}

// memoryOf estimates what a model takes: its weights, of which those in half
// precision are kept in single.
func memoryOf(folder string) int64 {
	var bytes int64
	files, _ := os.ReadDir(folder) // a folder that can't be read fails when it is loaded
	for _, kind := range []string{".safetensors", ".bin"} {
		for _, file := range files {
			if info, err := os.Stat(filepath.Join(folder, file.Name())); err == nil && filepath.Ext(file.Name()) == kind {
				bytes += info.Size()
			}
		}
		if bytes > 0 {
			break
		}
	}
	var config struct {
		Old string `json:"torch_dtype"`
		New string `json:"dtype"`
	}
	if text, err := modelfile.Read(filepath.Join(folder, "config.json")); err == nil && json.Unmarshal(text, &config) == nil {
		switch config.New + config.Old {
		case "float16", "bfloat16":
			bytes *= 2
		}
	}
	return bytes
}
