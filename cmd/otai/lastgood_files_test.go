package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/lastgood"
)

// TestLastGoodWithItsFiles: what a configuration names may be wrong or gone at a start, too. A table is kept with
// the copy; a secret never is.
func TestLastGoodWithItsFiles(t *testing.T) {
	t.Parallel()
	const table = "label;queue;priority\nIT::Accounts;IT;4 high\nIT::Hardware;IT;\nIT::Network;IT;\nIT::Software;IT;\nHR;HR;\nFacilities;;\n"
	for _, tt := range []struct {
		what  string
		spoil func(t *testing.T, config, table, secret string)
		ends  int // the exit code; -1: it runs
		says  []string
	}{
		{"the table is wrong", func(t *testing.T, _, table, _ string) { put(t, table, "label;kueue\nHR;HR\n") }, -1, []string{lastGoodLine, "map.csv"}},
		{"half of the table", func(t *testing.T, _, table, _ string) { put(t, table, "label;queue;priority\nIT::Accounts;\"IT") }, -1, []string{lastGoodLine, "map.csv"}},
		{"the table is gone", func(_ *testing.T, _, table, _ string) { _ = os.Remove(table) }, -1, []string{lastGoodLine, "map.csv"}},
		{"the table is gone, and a mistake elsewhere", func(t *testing.T, config, table, _ string) {
			_ = os.Remove(table)
			put(t, config, typingError)
		}, -1, []string{lastGoodLine, "config.yml"}},
		{"the secret is gone", func(_ *testing.T, _, _, secret string) { _ = os.Remove(secret) }, 2, []string{"the last good configuration can't be used either", "secret"}},
		{"the secret is gone, and a mistake elsewhere", func(t *testing.T, config, _, secret string) {
			_ = os.Remove(secret)
			put(t, config, typingError)
		}, 2, []string{"the last good configuration can't be used either", "secret", "config.yml"}},
		{"the folder of the copy is a file", func(t *testing.T, config, _, _ string) { put(t, config, typingError) }, 2, []string{"config.yml"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			dir := t.TempDir()
			config, tablePath, secret := filepath.Join(dir, "config.yml"), filepath.Join(dir, "map.csv"), filepath.Join(dir, "secret")
			text := rowConfig(1, `timeout: PT30S, password: "${file:`+secret+`}"`, strings.Replace(decideStep, "THEN", "map_file: map.csv, apply_from: { default: 0.3 }", 1)) +
				"  models: { use: hf-local:HFClassificationService }\n"
			put(t, config, text)
			put(t, tablePath, table)
			put(t, secret, password)
			env := slices.DeleteFunc(w.environment("CHECKOUT="+product.root), func(e string) bool { return strings.HasPrefix(e, "OTAI_OTOBO_ZNUNY_PASSWORD=") })
			folder := filepath.Join(stateOf(env), lastgood.Folder)
			if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(tt.what, "folder") {
				put(t, folder, "x")
			} else if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			} else if err := lastgood.Write(folder, lastgood.Configuration{
				Time: time.Now().Add(-time.Hour), Sources: []lastgood.File{{Path: config, Data: []byte(text)}}, Named: map[string][]byte{tablePath: []byte(table)},
			}); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, config, tablePath, secret)
			ids := w.addMany(2, "I have forgotten my password and can't log in")
			l := &life{Cmd: newCommand(product.otai, "run", "--last-good", "--log-format", "json", "-c", config), log: &buffer{}, ended: make(chan struct{})}
			l.Env, l.Dir = env, dir
			l.Stdout, l.Stderr = l.log, l.log
			l.begin(t)
			if tt.ends >= 0 {
				if code := l.code(t); code != tt.ends {
					t.Errorf("exit code %d, want %d", code, tt.ends)
				}
				l.says(t, tt.says...)
				return
			}
			eventuallyWithin(t, 2*time.Minute, "the tickets are where the former table says", func() bool {
				return !slices.ContainsFunc(ids, func(id string) bool { return w.ticket(id).Queue != "IT" })
			})
			l.says(t, tt.says...)
			put(t, tablePath, table)
			put(t, config, text)
			if out, code := w.command(env, "reload", "--wait"); code != 0 {
				t.Errorf("corrected: %d, %s", code, out)
			}
			l.end(t)
		})
	}
}

// TestACopyThatCanNotBeWrittenIsWrittenLater: the work goes on meanwhile, and it is said once.
func TestACopyThatCanNotBeWrittenIsWrittenLater(t *testing.T) {
	needsAll(t) // a copy is tried once a minute
	t.Parallel()
	s := newSite(t)
	copied := filepath.Join(s.state, "last-good", "configuration")
	if err := os.MkdirAll(copied, 0o700); err != nil { // what root may write to, nobody can write over
		t.Fatal(err)
	}
	l := s.begin("--last-good")
	s.works()
	const said = "the configuration that works can't be kept as the last good one: it is tried again"
	eventuallyWithin(t, 4*time.Minute, "it says so", func() bool { return strings.Contains(l.log.String(), said) })
	s.works()
	time.Sleep(70 * time.Second) // once more in vain
	if err := os.Remove(copied); err != nil {
		t.Fatal(err)
	}
	eventuallyWithin(t, 4*time.Minute, "it is kept", func() bool {
		info, err := os.Lstat(copied)
		return err == nil && info.Mode().IsRegular() && info.Mode().Perm() == 0o600
	})
	if n := strings.Count(l.log.String(), said); n != 1 {
		t.Errorf("it is said %d times", n)
	}
	l.end(t)
}
