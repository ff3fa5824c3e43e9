package app

import (
	"strings"
	"testing"
)

func TestFoldersAreFoundInTheDocumentedOrder(t *testing.T) {
	for name, c := range map[string]struct {
		settings   Settings
		configured []string
		want       string
	}{
		"the flag first":             {Settings{PluginDirs: []string{"/flag"}, Environ: []string{"OTAI_PLUGIN_DIR=/env"}}, []string{"/config"}, "/flag"},
		"then the environment":       {Settings{Environ: []string{"OTAI_PLUGIN_DIR=/env:/more"}}, []string{"/config"}, "/env /more"},
		"then the configuration":     {Settings{}, []string{"/config"}, "/config"},
		"an empty variable is unset": {Settings{Environ: []string{"OTAI_PLUGIN_DIR="}}, []string{"/config"}, "/config"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(c.settings.PluginFolders(c.configured), " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	state := Settings{StateDir: "/flag", Environ: []string{"OTAI_STATE_DIR=/env", "STATE_DIRECTORY=/systemd"}}
	for _, want := range []string{"/flag", "/env", "/systemd"} {
		if got, err := state.stateDir(); got != want || err != nil {
			t.Errorf("state folder %s, %v, want %s", got, err, want)
		}
		if state.StateDir != "" {
			state.StateDir = ""
		} else {
			state.Environ = state.Environ[1:]
		}
	}
}

func TestAPrintedCommandNamesTheStateFolderThatWasNamed(t *testing.T) {
	for dir, want := range map[string]string{
		"": "", "/var/lib/otai": " --state-dir /var/lib/otai", "state": " --state-dir /work/state", "/a b/it's": ` --state-dir '/a b/it'\''s'`,
	} {
		if got := (Settings{StateDir: dir, Dir: "/work"}).StateFlag(); got != want {
			t.Errorf("%q: got %q, want %q", dir, got, want)
		}
	}
}
