package plugins

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/open-ticket-ai/otai/internal/app/visible"
)

// leftOut is what readers of a report would look for in vain.
const leftOut = `Not in it: secrets of the configuration, arguments of functions, texts of panics (they may be a
customer's), labels of goroutines, addresses, environment variables, tickets, the configuration.`

// text is the report for people.
func (r *Report) text() string {
	var out strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&out, format, args...) }
	say("Report on the plugin %s, written by otai %s at %s\n\n", r.Plugin, r.Host.Version, r.Time.Format(time.RFC3339))
	say("In it:\n")
	for _, line := range r.Summary() {
		say("- %s\n", line)
	}
	say("%s\n", leftOut)
	r.versions(&out)
	for _, f := range r.Files {
		say("\n## %s\n\n", f.Path)
		say("version %s, wants the API level %s, status %s, SHA-256 %s\n", f.Version, f.API, f.Status, f.SHA256)
		if f.Code != "" {
			say("refused at the stage %s: %s\n%s\n", f.Stage, f.Code, f.Error)
			if f.Fix != "" {
				say("what to do: %s\n", f.Fix)
			}
		}
	}
	for _, c := range r.Contents {
		say("\nThe content %s ended worker processes: %d; after that, another one was started: %d.", c.SHA256, c.Crashes, c.Restarts)
		if !c.Worked.IsZero() {
			say(" It first worked on %s.", c.Worked.UTC().Format(time.RFC3339))
		}
		if c.Refused {
			say(" It isn't opened any more (host-crashed).")
		}
		say("\n")
	}
	for _, d := range r.Deaths {
		d.text(&out)
	}
	for n, unread := range r.Unread {
		if n == 0 {
			say("\n## Not found out\n\n")
		}
		say("- %s\n", unread)
	}
	return visible.Lines(out.String())
}

// Summary says in a few lines what the report has.
func (r *Report) Summary() []string {
	list := []string{"versions of otai, Go, the system and the modules that both sides use"}
	for _, f := range r.Files {
		if f.Code != "" {
			list = append(list, fmt.Sprintf("why %s is refused: %s", f.Path, f.Code))
		}
	}
	ended, traces := 0, 0
	for _, c := range r.Contents {
		ended += c.Crashes
	}
	for _, d := range r.Deaths {
		if d.Trace != "" {
			traces++
		}
	}
	if ended > 0 {
		list = append(list, fmt.Sprintf("how often it ended a worker process: %d", ended))
	}
	if len(r.Deaths) > 0 {
		list = append(list, fmt.Sprintf("the last deaths that are kept: %d, %d of them with a trace of functions and lines", len(r.Deaths), traces))
	}
	return list
}

// versions are side by side where both have one.
func (r *Report) versions(out *strings.Builder) {
	h := r.Host
	fmt.Fprintf(out, "\n## Versions\n\n")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	builds := []BuildInfo{h.Build}
	for _, f := range r.Files {
		builds = append(builds, f.Build)
	}
	row := func(name string, values ...string) { // each has all columns, or they aren't aligned
		values = append(values, make([]string, len(builds)-len(values))...)
		fmt.Fprintln(table, name+"\t"+strings.Join(values, "\t"))
	}
	row("", append([]string{"otai"}, eachFile(r.Files, func(f ReportedFile) string { return f.Package })...)...)
	of := func(get func(BuildInfo) string) []string {
		values := make([]string, len(builds))
		for i, b := range builds {
			if values[i] = get(b); values[i] == "" {
				values[i] = "-"
			}
		}
		return values
	}
	row("version", append([]string{h.Version}, eachFile(r.Files, func(f ReportedFile) string { return f.Version })...)...)
	row("API level", append([]string{h.API}, eachFile(r.Files, func(f ReportedFile) string { return f.API })...)...)
	row("ABI", h.ABI)
	row("system", h.System)
	if h.Libc != "" {
		row("glibc", h.Libc)
	}
	row("go", of(func(b BuildInfo) string { return b.Go })...)
	row("path", of(func(b BuildInfo) string { return b.Path })...)
	row("module", of(func(b BuildInfo) string { return b.Module })...)
	for _, key := range allKeys(builds, func(b BuildInfo) map[string]string { return b.Settings }) {
		row(key, of(func(b BuildInfo) string { return b.Settings[key] })...)
	}
	for _, key := range allKeys(builds, func(b BuildInfo) map[string]string { return b.Modules }) {
		row(key, of(func(b BuildInfo) string { return b.Modules[key] })...)
	}
	_ = table.Flush() // a strings.Builder takes all
}

func eachFile(list []ReportedFile, get func(ReportedFile) string) []string {
	values := make([]string, len(list))
	for i, f := range list {
		values[i] = get(f)
	}
	return values
}

// allKeys are those of the plugin's files, or of the host where there are none.
func allKeys(builds []BuildInfo, of func(BuildInfo) map[string]string) []string {
	all := make(map[string]bool)
	if len(builds) > 1 {
		builds = builds[1:]
	}
	for _, b := range builds {
		for key := range of(b) {
			all[key] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func (d *ReportedDeath) text(out *strings.Builder) {
	say := func(format string, args ...any) { fmt.Fprintf(out, format, args...) }
	say("\n## %s: %s\n\n", d.Time.Format(time.RFC3339), d.How)
	say("while %s", d.Stage)
	if d.At != "" {
		say(" %s", d.At)
	}
	if d.Frozen {
		say("; it no longer reported that it works, and was ended")
	}
	say("\nthe file's content: %s\n", d.SHA256)
	if !d.Certain {
		say("It isn't known that it was this plugin")
		if len(d.Others) > 0 {
			say("; it may have been %s", strings.Join(d.Others, ", "))
		}
		say(".\n")
	}
	if d.Cause != "" {
		say("cause: %s\n", d.Cause)
	}
	if d.Function != "" {
		say("first function of the plugin: %s\n", d.Function)
	}
	if d.Trace == "" {
		say("There is no trace: the process ended without one, as by os.Exit, by C or by SIGKILL.\n")
		return
	}
	say("\n")
	for line := range strings.Lines(strings.TrimSpace(d.Trace) + "\n") {
		if line != "\n" {
			say("    ")
		}
		say("%s", line)
	}
	if d.Cut {
		say("    (the trace goes on)\n")
	}
}
