package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

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

	Packages []plugins.HostPackage `json:"packages,omitempty"` // with --packages
}

func (c *command) newVersion() *cobra.Command {
	var asJSON, packages bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the versions that a plugin must agree with",
		Long: `Shows the versions that a plugin must agree with. --packages adds the packages that this
otai links: a plugin that links one of them, too, has to have the same version of its
module, which otai plugin build sees to. Whatever is not in this list, a plugin is free in,
as long as the plugins beside it agree.`,
		Example: `  otai version --packages
  otai version --packages --json`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions{Version: version, API: apiLevel, ABI: api.ABI, Go: runtime.Version(), Settings: buildSettings()}
			if executable, err := os.Executable(); err == nil {
				v.Glibc, _ = plugins.NeededGlibc(executable) // another C library has no such versions
			}
			out := cmd.OutOrStdout()
			if packages {
				var err error
				if v.Packages, err = plugins.HostPackages(); err != nil {
					return answerError(out, asJSON, err)
				}
			}
			if asJSON {
				return writeJSON(out, v)
			}
			fmt.Fprintf(out, "otai %s\nAPI level %s, ABI %s\n%s %s/%s\n", v.Version, v.API, v.ABI, v.Go, runtime.GOOS, runtime.GOARCH)
			if v.Glibc != "" {
				fmt.Fprintf(out, "needs the C library glibc %s or newer\n", v.Glibc)
			}
			if packages {
				return showPackages(out, v.Packages)
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().BoolVar(&packages, "packages", false, "list the packages that plugins share with this otai")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

// showPackages has a line for each module, with those of its packages that others can
// import.
func showPackages(out io.Writer, list []plugins.HostPackage) error {
	fmt.Fprintln(out)
	table := newTable(out)
	fmt.Fprintln(table, "MODULE\tVERSION\tPACKAGES")
	for len(list) > 0 {
		module, version := list[0].Module, list[0].Version
		end := slices.IndexFunc(list, func(p plugins.HostPackage) bool { return p.Module != module })
		if end < 0 {
			end = len(list)
		}
		var names []string
		for _, p := range list[:end] {
			name := strings.TrimPrefix(strings.TrimPrefix(p.Package, module), "/")
			if !slices.Contains(strings.Split(name, "/"), "internal") {
				names = append(names, cmp.Or(name, "."))
			}
		}
		if module == "" {
			module, names = "the standard library", []string{strconv.Itoa(end)}
		}
		show(table, "%s\t%s\t%s\n", module, version, strings.Join(names, " "))
		list = list[end:]
	}
	return table.Flush()
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
