package loader

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// found lists what discover reports as "folder/file", with the code of an error
// after it.
func found(t *testing.T, o Options, r *registry.Registry) []string {
	t.Helper()
	o.Separator, o.Prefix, o.Logger = ":", "otai-", slog.New(slog.DiscardHandler)
	plugins, err := discover(o, r)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, p := range plugins {
		text := filepath.Join(filepath.Base(filepath.Dir(p.Path)), filepath.Base(p.Path))
		if p.Err != nil {
			text += " " + string(p.Err.Code)
		}
		list = append(list, text)
	}
	return list
}

func folders(t *testing.T, files ...string) (first, second string) {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range files {
		write(t, root, file, "x")
	}
	return filepath.Join(root, "a"), filepath.Join(root, "b")
}

func TestPluginFilesAreFoundInAFixedOrder(t *testing.T) {
	first, second := folders(t, "a/otai_c.so", "a/otai_a.so", "a/libother.so", "a/otai_a.so.bak", "a/otai-a.so", "b/otai_b.so")
	tests := []struct {
		name  string
		order []string
		first []string
		want  []string
	}{
		{"by name", nil, nil, []string{"a/otai_a.so", "b/otai_b.so", "a/otai_c.so"}},
		{"as configured, then by name", []string{"otai-c", "otai-unknown", "otai_b"}, nil, []string{"a/otai_c.so", "b/otai_b.so", "a/otai_a.so"}},
		{"those that come with the host first", nil, []string{"otai-c", "otai_b"}, []string{"a/otai_c.so", "b/otai_b.so", "a/otai_a.so"}},
		{"but as configured", []string{"otai-a"}, []string{"otai-c", "otai-a"}, []string{"a/otai_a.so", "a/otai_c.so", "b/otai_b.so"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := Options{Dirs: []string{first, second}, First: test.first}
			for _, name := range test.order {
				o.Policies = append(o.Policies, Policy{Name: name})
			}
			got := found(t, o, registry.New(":"))
			if !slices.Equal(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

func TestAFileIsJudgedWhereAStartWouldLoadIt(t *testing.T) {
	first, second := folders(t, "a/otai_a.so", "a/otai_x.so", "a/otai_z.so", "b/otai_m.so", "b/otai_z.so", "b/otai_x.so")
	o := Options{Dirs: []string{first}, Separator: ":", Prefix: "otai-", Logger: slog.New(slog.DiscardHandler), Policies: []Policy{{Name: "otai-x"}}, First: []string{"otai-z"}}
	var given []string
	for _, name := range []string{"otai_m.so", "otai_z.so", "otai_x.so"} {
		given = append(given, filepath.Join(second, name))
	}
	plugins, err := beside(given)(o, registry.New(":"))
	if err != nil {
		t.Fatal(err)
	}
	wantOrder := func(want ...string) {
		t.Helper()
		for n, p := range plugins {
			if n >= len(want) || !strings.HasSuffix(p.Path, want[n]) || p.Err != nil {
				t.Errorf("%d is %s, want %q: %v", n, p.Path, want, p.Err)
			}
		}
	}
	wantOrder("b/otai_x.so", "b/otai_z.so", "a/otai_a.so", "b/otai_m.so")
	givenLast(plugins)
	wantOrder("a/otai_a.so", "b/otai_m.so", "b/otai_z.so", "b/otai_x.so")
}

func TestAFileIsJudgedAfterWhatStandsInTheFoldersButWhatItReplaces(t *testing.T) {
	first, second := folders(t, "a/otai_a.so", "a/otai_x.so", "a/otai_z.so", "b/otai_x.so", "b/otai_m.so")
	o := Options{Dirs: []string{first}, Separator: ":", Prefix: "otai-", Logger: slog.New(slog.DiscardHandler), First: []string{"otai-z"}}
	plugins, err := beside([]string{filepath.Join(second, "otai_x.so"), filepath.Join(second, "otai_m.so"), filepath.Join(first, "otai_x.so")})(o, registry.New(":"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a/otai_z.so", "a/otai_a.so", "b/otai_x.so", "b/otai_m.so", "a/otai_x.so"}
	for n, p := range plugins {
		if n >= len(want) || !strings.HasSuffix(p.Path, want[n]) || (p.Err != nil) != (n == 4) {
			t.Errorf("%d is %s, want %q: %v", n, p.Path, want, p.Err)
		}
	}
	if e := plugins[4].Err; e.Code != CodeDuplicateName || !strings.HasSuffix(e.Other, "b/otai_x.so") {
		t.Errorf("the other one isn't named: %+v", e)
	}
}

func TestTheFirstFolderWins(t *testing.T) {
	first, second := folders(t, "a/otai_x.so", "b/otai_x.so", "a/otai_y-z.so", "b/otai_y_z.so")
	want := []string{"a/otai_x.so", "b/otai_x.so duplicate-name", "a/otai_y-z.so", "b/otai_y_z.so prefix-conflict"}
	if got := found(t, Options{Dirs: []string{first, second}}, registry.New(":")); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	want = []string{"b/otai_x.so", "a/otai_x.so duplicate-name", "b/otai_y_z.so", "a/otai_y-z.so prefix-conflict"}
	if got := found(t, Options{Dirs: []string{second, first}}, registry.New(":")); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

func TestAFolderGivenTwiceIsReadOnce(t *testing.T) {
	first, _ := folders(t, "a/otai_x.so")
	want := []string{"a/otai_x.so"}
	if got := found(t, Options{Dirs: []string{first, first + "/"}}, registry.New(":")); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

func TestAPrefixOfTheHostIsRefused(t *testing.T) {
	first, _ := folders(t, "a/otai_base.so")
	r := registry.New(":")
	pipe := api.NewPipeFunc("P", "", func(context.Context, struct{}, api.Scope) (api.PipeResult, error) { return api.Success(nil), nil })
	if err := r.Register("otai-base", "base", api.AppConfig{}, []api.Injectable{pipe}); err != nil {
		t.Fatal(err)
	}
	want := []string{"a/otai_base.so prefix-conflict"}
	if got := found(t, Options{Dirs: []string{first}}, r); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

func TestAFolderThatIsMissingHasNoPlugins(t *testing.T) {
	if got := found(t, Options{Dirs: []string{filepath.Join(t.TempDir(), "missing")}}, registry.New(":")); len(got) > 0 {
		t.Errorf("found %q", got)
	}
}

func TestAFolderThatCannotBeReadIsReported(t *testing.T) {
	file := write(t, t.TempDir(), "file", "not a folder")
	got := found(t, Options{Dirs: []string{file}}, registry.New(":"))
	if len(got) != 1 || !strings.HasSuffix(got[0], "/file unreadable") {
		t.Errorf("found %q", got)
	}
}

func TestNamesFollowFromTheFile(t *testing.T) {
	tests := []struct{ file, pkg, name, prefix string }{
		{"otai_otobo_znuny.so", "otai_otobo_znuny", "otai-otobo-znuny", "otobo-znuny"},
		{"otai_hf-local.so", "otai_hf-local", "otai-hf-local", "hf-local"},
		{"otai_x2.so", "otai_x2", "otai-x2", "x2"},
	}
	for _, test := range tests {
		p, ok := named(test.file, "otai-")
		if !ok || p.Package != test.pkg || p.Name != test.name || p.Prefix != test.prefix {
			t.Errorf("%s: %+v, %v", test.file, p, ok)
		}
	}
	for _, file := range []string{"otai_.so", "otai__x.so", "otai_x_.so", "otai_a b.so", "otai_a.b.so", "otai_ü.so"} {
		if p, ok := named(file, "otai-"); ok {
			t.Errorf("%s is accepted as %+v", file, p)
		}
	}
}
