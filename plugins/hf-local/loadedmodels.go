package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

var errClosed = errors.New("the service is closed")

// loadedModels are the models that one service keeps loaded. A model is released by
// close, when all of them exceed their memory (the least recently used one first), or
// when a newer revision has taken its name. One that is in use stays, and so does the
// most recently used one, since it will be wanted next.
type loadedModels struct {
	pool  *modelPool
	bound int64 // bytes; 0 is none
	key   func(folder string) modelKey
	load  func(ctx context.Context, folder string) (classifier, error)

	mu     sync.Mutex
	models map[modelKey]*loadedModel
	clock  uint64  // counts uses
	errs   []error // of releasing models
	closed bool
	users  sync.WaitGroup // calls between acquire and release
}

// loadedModel is guarded by the mu of its loadedModels.
type loadedModel struct {
	name     string
	pooled   *pooledModel
	bytes    int64
	users    int
	used     uint64 // when it was last used
	replaced bool   // by another folder for its name
}

// loaded returns the model in folder if it is loaded. As with acquire, it stays so
// until release.
func (m *loadedModels) loaded(folder string) (c classifier, release func(), ok bool) {
	key := m.key(folder)
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.models[key]
	if !ok || m.closed {
		return nil, nil, false
	}
	m.users.Add(1)
	return k.pooled.model, m.use(k), true
}

// acquire returns the model called name, which is in folder and is loaded if it
// isn't yet.
func (m *loadedModels) acquire(ctx context.Context, name, folder string) (c classifier, release func(), err error) {
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

	// Room first, so that the old and the new one are not in memory together.
	bytes := memoryOf(folder)
	m.makeRoom(bytes)
	pooled, err := m.pool.acquire(ctx, m.key(folder), func(ctx context.Context) (classifier, error) { return m.load(ctx, folder) })
	if err != nil {
		return nil, nil, shortened(err)
	}
	k, release := m.keep(name, pooled, bytes)
	m.makeRoom(0) // others may have been loaded meanwhile
	return k.pooled.model, release, nil
}

// keep takes a model into use. If another call of this service was faster, its model is
// the one that stays.
func (m *loadedModels) keep(name string, p *pooledModel, bytes int64) (*loadedModel, func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k, ok := m.models[p.key]; ok {
		m.end(p)
		return k, m.use(k)
	}
	for _, other := range m.models {
		other.replaced = other.replaced || other.name == name
	}
	k := &loadedModel{name: name, pooled: p, bytes: bytes}
	m.models[p.key] = k
	return k, m.use(k)
}

// use marks k as used until release is called. The caller has locked mu.
func (m *loadedModels) use(k *loadedModel) (release func()) {
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

// end releases a model. The caller has locked mu.
func (m *loadedModels) end(p *pooledModel) {
	if err := m.pool.release(p); err != nil {
		m.errs = append(m.errs, err)
	}
}

// makeRoom releases idle models until that many more bytes are within the bound.
func (m *loadedModels) makeRoom(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		total := bytes
		var oldest *loadedModel
		for _, k := range m.models {
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
		delete(m.models, oldest.pooled.key)
		m.end(oldest.pooled)
	}
}

// older reports whether a is released before b.
func older(a, b *loadedModel) bool {
	if a.replaced != b.replaced {
		return a.replaced
	}
	return a.used < b.used
}

// loadTimes are how long it took to load the models that are loaded now, by their names.
func (m *loadedModels) loadTimes() map[string]time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	times := make(map[string]time.Duration, len(m.models))
	for _, k := range m.models {
		times[k.name] = k.pooled.took
	}
	return times
}

// close rejects new calls, waits for the running ones and releases the models.
func (m *loadedModels) close() error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.users.Wait()

	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.models {
		m.end(k.pooled)
	}
	m.models = nil
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
