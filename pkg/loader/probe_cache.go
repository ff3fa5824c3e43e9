package loader

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// probeCache keeps what probes found, by the content of plugin and host, so that
// a start does not try again what is known. Only good results are kept: an
// error may have a cause outside of the two files, such as a library or a
// variable that was missing, and must be gone as soon as that is fixed.
//
// A nil cache knows nothing and keeps nothing.
type probeCache struct {
	privateFolder
	host   string // sha256 of this process's binary
	logger *slog.Logger
	used   map[string]bool // base names
}

// probeRecord is one file of the cache.
type probeRecord struct {
	Plugin string   `json:"plugin"` // sha256
	Host   string   `json:"host"`   // sha256
	App    probeApp `json:"app"`
	Report *report  `json:"report"`
}

func openProbeCache(s stateFolder, sums *checksums, logger *slog.Logger) (*probeCache, error) {
	f, err := s.openPrivate(probesFolder)
	if err != nil {
		return nil, err
	}
	c := &probeCache{privateFolder: f, logger: logger, used: make(map[string]bool)}
	if c.host, err = hostSum(sums); err != nil {
		logger.Debug("results of probes are not kept", "err", err)
		return nil, nil
	}
	return c, nil
}

func (c *probeCache) name(plugin string) string { return plugin + "-" + c.host + ".json" }

// get returns the report on a plugin, or nil.
func (c *probeCache) get(plugin string, app probeApp) *report {
	if c == nil {
		return nil
	}
	path := filepath.Join(c.dir, c.name(plugin))
	var kept probeRecord
	err := readRecord(c.privateFolder, c.name(plugin), &kept)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		c.logger.Debug("a damaged result of a probe is ignored", "path", path, "err", err)
		return nil
	case kept.Plugin != plugin || kept.Host != c.host || kept.App != app || kept.Report == nil:
		return nil
	}
	now := time.Now()
	if err := os.Chtimes(path, now, now); err != nil {
		c.logger.Debug("can't renew the time of a probe's result", "path", path, "err", err)
	}
	c.used[c.name(plugin)] = true
	return kept.Report
}

// put keeps the report on a plugin. Without it, the next start takes longer,
// and nothing else: so an error is not returned.
func (c *probeCache) put(plugin string, app probeApp, found *report) {
	if c == nil {
		return
	}
	c.used[c.name(plugin)] = true
	if err := writeRecord(c.dir, c.name(plugin), probeRecord{Plugin: plugin, Host: c.host, App: app, Report: found}); err != nil {
		c.logger.Debug("can't keep the result of a probe", "path", c.dir, "err", err)
	}
}

// opening takes a result out of use while the host opens the plugin. If that ends
// the host in spite of the good result, the next start finds none and tries the
// plugin anew. The function that is returned puts the result back.
func (c *probeCache) opening(plugin string) (survived func()) {
	if c == nil {
		return func() {}
	}
	path := filepath.Join(c.dir, c.name(plugin))
	aside := path + ".opening"
	if err := os.Rename(path, aside); err != nil {
		return func() {}
	}
	return func() {
		if err := os.Rename(aside, path); err != nil {
			c.logger.Debug("can't put the result of a probe back", "path", path, "err", err)
		}
	}
}

func (c *probeCache) removeUnused() {
	if c != nil {
		c.removeOld(c.used, c.logger)
	}
}

func readRecord(f privateFolder, name string, into any) error {
	content, err := f.read(name)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, into)
}

// writeRecord gives the file its name when it is complete.
func writeRecord(dir, name string, record any) (err error) {
	content, err := json.Marshal(record)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".record-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		err = errors.Join(err, os.Remove(file.Name()))
	}
	return err
}

// hostSum returns the sha256 of the running binary.
func hostSum(sums *checksums) (string, error) {
	const path = "/proc/self/exe"
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum, _, err := sums.of(file, path)
	return sum, err
}
