package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// versions is the answer of `otai version`; its JSON form is stable.
type versions struct {
	Version  string            `json:"version"`
	API      string            `json:"api"`
	ABI      string            `json:"abi"`
	Go       string            `json:"go"`
	Glibc    string            `json:"glibc,omitempty"` // the oldest C library that this binary runs with
	Settings map[string]string `json:"settings"`
}

func (c *command) newVersion() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the versions that a plugin must agree with",
		Args:  arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions{Version: version, API: apiLevel, ABI: api.ABI, Go: runtime.Version(), Settings: buildSettings()}
			if executable, err := os.Executable(); err == nil {
				v.Glibc, _ = plugins.NeededGlibc(executable) // another C library has no such versions
			}
			out := cmd.OutOrStdout()
			if asJSON {
				return writeJSON(out, v)
			}
			fmt.Fprintf(out, "otai %s\nAPI level %s, ABI %s\n%s %s/%s\n", v.Version, v.API, v.ABI, v.Go, runtime.GOOS, runtime.GOARCH)
			if v.Glibc != "" {
				fmt.Fprintf(out, "needs the C library glibc %s or newer\n", v.Glibc)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

// relevantSettings are those that a plugin file must have been built with alike.
var relevantSettings = []string{"-buildmode", "-compiler", "-trimpath", "-race", "-msan", "-asan", "-cover", "-gcflags", "-tags", "-pgo", "CGO_ENABLED", "GOARCH", "GOOS", "GOAMD64", "GOARM64", "GOEXPERIMENT"}

func buildSettings() map[string]string {
	settings := make(map[string]string)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return settings
	}
	for _, s := range info.Settings {
		if slices.Contains(relevantSettings, s.Key) {
			settings[s.Key] = s.Value
		}
	}
	return settings
}
