package plugins

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// FileStatus is one plugin file as `otai plugin list` shows it; its JSON form
// is stable.
type FileStatus struct {
	Name        string   `json:"name"`
	Package     string   `json:"package"`
	Path        string   `json:"path"`
	Version     string   `json:"version"`
	API         string   `json:"api"`
	Status      string   `json:"status"`
	Stage       string   `json:"stage"`
	Code        string   `json:"code"`
	Error       string   `json:"error"`
	Fix         string   `json:"fix"`
	SHA256      string   `json:"sha256"`
	Injectables []string `json:"injectables"`
	DurationMS  float64  `json:"duration_ms"`
	Changes     []string `json:"changes"`  // of its process, when it is opened: they are put back
	Crashes     int      `json:"crashes"`  // deaths of workers that were put down to this content
	Restarts    int      `json:"restarts"` // workers that were started after one
}

// List judges the plugin files, opening none in this process, and says what
// becomes of each. The policy and folders of the configuration in force count.
func List(ctx context.Context, s app.Settings) ([]FileStatus, []string, error) {
	document, err := documentInForce(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	dirs := s.PluginFolders(document.PluginDirs)
	offered, err := s.InspectPlugins(ctx, document)
	if err != nil {
		return nil, dirs, err
	}
	return StatusesOf(s, offered.Plugins), dirs, nil
}

// StatusesOf are those of plugin files that were judged.
func StatusesOf(s app.Settings, plugins []loader.Plugin) []FileStatus {
	list := make([]FileStatus, len(plugins))
	memory := remembered(s)
	for i, p := range plugins {
		list[i] = statusOf(p)
		list[i].count(memory)
	}
	return list
}

// count adds what is remembered of the file's content.
func (f *FileStatus) count(memory crashes.Memory) {
	if known := memory.Plugins[f.SHA256]; known != nil {
		f.Crashes, f.Restarts = known.Crashes, known.Restarts
	}
}

func statusOf(p loader.Plugin) FileStatus {
	status := FileStatus{
		Name: p.Name, Package: p.Package, Path: p.Path, Version: p.Version, API: p.API,
		Status: string(p.Status), SHA256: p.SHA256, Injectables: p.Injectables,
		DurationMS: float64(p.Duration.Microseconds()) / 1000,
	}
	status.Changes = append([]string{}, p.Effects...)
	if status.Injectables == nil {
		status.Injectables = []string{}
	}
	if p.Err != nil {
		status.Stage, status.Code, status.Fix = string(p.Err.Stage), string(p.Err.Code), p.Err.Fix
		status.Error = p.Err.Err.Error()
	}
	return status
}
