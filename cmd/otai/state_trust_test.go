package main_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// mallory is a user who has no name here.
const mallory = 12345

const greetPlugin = `package main

import (
	"context"
	"os"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	if marker := strings.TrimRight("MARKER", "\x00"); marker != "" {
		_ = os.WriteFile(marker, nil, 0o600)
	}
}

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-greet", Version: "1.0.0"}, api.NewPipeFunc("GreetPipe", "Greets.", greet))
}

func greet(context.Context, struct{}, api.Scope) (api.PipeResult, error) {
	return api.Success(map[string]any{"value": "hello"}), nil
}

func main() {}
`

// attack is root's otai with a pinned plugin, and a state folder in which the copy of
// that plugin was exchanged for another, with a checksum that says it was not.
type attack struct {
	dir     string // that all users can enter, and root alone can write
	file    string // the plugin
	sum     string
	config  string
	state   string
	marker  string // written by the planted code
	planted []byte
	env     []string // more than the usual
}

// requireRoot skips a test that needs two users.
func requireRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can act as two users")
	}
}

// openFolder is a folder for a test that other users can enter.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "otai-users-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	return dir
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// greetBuilds are builds of one plugin: the maker's, and one that leaves a marker when its
// code runs.
type greetBuilds struct{ genuine, planted []byte }

func buildGreet(t *testing.T, marker string) greetBuilds {
	t.Helper()
	so := filepath.Join(t.TempDir(), "otai_greet.so")
	buildPlugin(t, writeModule(t, "otai-greet", strings.Replace(greetPlugin, "MARKER", "", 1)), so)
	genuine, err := os.ReadFile(so)
	must(t, err)
	buildMarked(t, greetPlugin, marker, so)
	planted, err := os.ReadFile(so)
	must(t, err)
	return greetBuilds{genuine, planted}
}

// buildMarked builds a plugin with the path of its marker, which is put into what is built: another
// source would have to be linked each time.
func buildMarked(t *testing.T, source, marker, so string) {
	t.Helper()
	room := bytes.Repeat([]byte("M"), 300)
	buildPlugin(t, writeModule(t, "otai-greet", strings.Replace(source, "MARKER", string(room), 1)), so)
	content, err := os.ReadFile(so)
	must(t, err)
	if bytes.Count(content, room) != 1 || len(marker) > len(room) {
		t.Fatalf("%q has no room in the plugin", marker)
	}
	path := make([]byte, len(room))
	copy(path, marker)
	must(t, os.WriteFile(so, bytes.Replace(content, room, path, 1), 0o644))
}

func newAttack(t *testing.T, builds greetBuilds, marker string) *attack {
	t.Helper()
	dir := openFolder(t)
	sum := sha256.Sum256(builds.genuine)
	a := &attack{
		dir: dir, file: filepath.Join(dir, "plugins", "otai_greet.so"), sum: hex.EncodeToString(sum[:]),
		config: filepath.Join(dir, "config.yml"), state: filepath.Join(dir, "parent", "state"), marker: marker, planted: builds.planted,
	}
	must(t,
		os.RemoveAll(marker), os.Mkdir(filepath.Join(dir, "plugins"), 0o755), os.WriteFile(a.file, builds.genuine, 0o644), os.Mkdir(filepath.Dir(a.state), 0o755), os.Mkdir(filepath.Join(dir, "tmp"), 0o700),
		os.Chmod(filepath.Join(dir, "tmp"), 0o777|os.ModeSticky),
		os.WriteFile(a.config, []byte("plugins: [ { name: otai-greet, sha256: "+a.sum+" } ]\n"+
			"orchestrator: { params: { steps: [ { use: greet:GreetPipe } ] } }\n"), 0o644),
	)
	if out, err := a.otai(0, "run", "--once", "-c", a.config); err != nil {
		t.Fatalf("the genuine plugin: %v\n%s", err, out)
	}
	a.notRun(t, "before the attack")
	must(t, os.Remove(a.copy()), os.WriteFile(a.copy(), a.planted, 0o400), os.WriteFile(a.record(), nil, 0o600),
		os.RemoveAll(filepath.Join(a.state, "probe")), os.Mkdir(filepath.Join(a.state, "probe"), 0o700)) // so that the copy is tried
	return a
}

func (a *attack) copy() string { return filepath.Join(a.state, "plugins", a.sum+".so") }

// record is what the loader remembers of the copy's checksum.
func (a *attack) record() string {
	key := sha256.Sum256([]byte(a.copy()))
	return filepath.Join(a.state, "checksums", hex.EncodeToString(key[:16])+".json")
}

// lie writes the record: the copy, as it now is, has the pinned checksum.
func (a *attack) lie(t *testing.T) {
	t.Helper()
	var stat syscall.Stat_t
	must(t, syscall.Stat(a.copy(), &stat))
	text, err := json.Marshal(map[string]any{"Path": a.copy(), "SHA256": a.sum, "Identity": map[string]any{
		"Device": stat.Dev, "Inode": stat.Ino, "Size": stat.Size, "Modified": stat.Mtim.Nano(), "Changed": stat.Ctim.Nano(),
	}})
	must(t, err, os.WriteFile(a.record(), text, 0o600))
}

// otai runs the command as a user.
func (a *attack) otai(uid uint32, args ...string) (string, error) {
	cmd := newCommand(product.otai, args...)
	cmd.Dir = a.dir
	cmd.Env = []string{
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + a.dir, "TMPDIR=" + filepath.Join(a.dir, "tmp"),
		"OTAI_PLUGIN_DIR=" + filepath.Dir(a.file), "OTAI_STATE_DIR=" + a.state,
	}
	cmd.Env = slices.Concat(cmd.Env, coverage(), a.env)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func (a *attack) ran() bool {
	_, err := os.Stat(a.marker)
	return err == nil
}

func (a *attack) notRun(t *testing.T, what string) {
	t.Helper()
	if a.ran() {
		t.Errorf("%s: the planted code ran as root", what)
		must(t, os.Remove(a.marker))
	}
}

// tree lists all below dir with owner, mode, size and time of change.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		stat := info.Sys().(*syscall.Stat_t)
		list = append(list, fmt.Sprintf("%s %d:%d %v %d %d", path, stat.Uid, stat.Gid, info.Mode(), info.Size(), stat.Mtim.Nano()))
		return nil
	}))
	return list
}

// looking are the commands that only look, as far as they load plugins.
func (a *attack) looking() [][]string {
	return [][]string{
		{"plugin", "list", "-c", a.config},
		{"plugin", "check", a.file},
		{"plugin", "inspect", a.file},
		{"validate", "-c", a.config},
		{"schema", "-c", a.config},
		{"model", "list", "-c", a.config},
		{"doctor", "-c", a.config},
	}
}

func chownAll(dir string, uid int) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, uid))
	})
}

// everyTrap are the state folders that each run of the tests tries: one for each answer, and for each
// place at which it is found. See selection_test.go.
var everyTrap = []string{
	"a folder of root's own", "a folder of a service", "a folder above of another user", "a folder that everybody can write to",
	"copies in a folder of another user", "one copy that is another user's file by a hard link", "one copy that is a link", "one checksum that everybody can write to",
}

func TestRootNeverRunsWhatAnotherUserPutIntoTheStateFolder(t *testing.T) {
	t.Parallel()
	requireRoot(t)
	marker := filepath.Join(t.TempDir(), "ran")
	builds := buildGreet(t, marker)
	plugins := func(a *attack) string { return filepath.Join(a.state, "plugins") }
	replaceCopy := func(a *attack, owner int, place func(from, to string) error) error {
		theirs := filepath.Join(a.dir, "theirs.so")
		return errors.Join(os.WriteFile(theirs, a.planted, 0o600), os.Chmod(theirs, 0o400), os.Chown(theirs, owner, owner), os.Remove(a.copy()), place(theirs, a.copy()))
	}
	const (
		used   = "used"   // the folder is root's own, and so is what is in it
		spared = "spared" // only the copy is suspicious: another one takes its place
	)
	found := 0
	for _, test := range []struct {
		name  string
		spoil func(a *attack) error
		fix   string // or used, or spared
	}{
		{"a folder of root's own", func(*attack) error { return nil }, used},
		{"a folder of another user", func(a *attack) error { return chownAll(a.state, mallory) }, "setpriv --reuid=12345 --regid=12345 --clear-groups -- "},
		{"a folder of a service", func(a *attack) error { return chownAll(a.state, 65534) }, "runuser -u nobody -- "},
		{"only the folder itself of another user", func(a *attack) error { return os.Chown(a.state, mallory, 0) }, "setpriv --reuid=12345"},
		{"a folder above of another user", func(a *attack) error { return os.Chown(filepath.Dir(a.state), mallory, 0) }, "chown root PARENT (only if you trust what is in it)"},
		{"a folder that a group can write to", func(a *attack) error { return errors.Join(os.Chown(a.state, 0, mallory), os.Chmod(a.state, 0o770)) }, "chmod g-w STATE"},
		{"a folder that everybody can write to", func(a *attack) error { return os.Chmod(a.state, 0o777) }, "chmod go-w STATE"},
		{"a folder above that everybody can write to", func(a *attack) error { return os.Chmod(filepath.Dir(a.state), 0o777) }, "chmod o-w PARENT"},
		{"copies in a folder of another user", func(a *attack) error { return os.Chown(plugins(a), mallory, 0) }, "rm -r STATE/plugins STATE/probe STATE/checksums"},
		{"copies in a folder that everybody can write to", func(a *attack) error { return os.Chmod(plugins(a), 0o777) }, "rm -r STATE/plugins STATE/probe STATE/checksums"},
		{"copies behind a link", func(a *attack) error {
			elsewhere := filepath.Join(a.dir, "elsewhere")
			return errors.Join(os.Rename(plugins(a), elsewhere), os.Chown(elsewhere, mallory, 0), os.Symlink(elsewhere, plugins(a)))
		}, "rm -r STATE/plugins STATE/probe STATE/checksums"},
		{"one copy of another user", func(a *attack) error { return os.Chown(a.copy(), mallory, 0) }, "rm -r STATE/plugins STATE/probe STATE/checksums"},
		{"a folder in the place of a copy", func(a *attack) error { return errors.Join(os.Remove(a.copy()), os.Mkdir(a.copy(), 0o700)) }, "rm -r STATE/plugins STATE/probe STATE/checksums"},
		{"one copy that is another user's file by a hard link", func(a *attack) error { return replaceCopy(a, mallory, os.Link) }, "rm -r STATE/plugins STATE/probe STATE/checksums"},
		{"one copy with a second name", func(a *attack) error { return replaceCopy(a, 0, os.Link) }, spared},
		{"one copy that is a link", func(a *attack) error { return replaceCopy(a, mallory, os.Symlink) }, spared},
		{"one checksum of another user", func(a *attack) error { return os.Chown(a.record(), mallory, 0) }, "rm -r STATE/plugins STATE/probe STATE/checksums"},
		{"one checksum that everybody can write to", func(a *attack) error { return os.Chmod(a.record(), 0o666) }, "rm -r STATE/plugins STATE/probe STATE/checksums"},
		{"one answer of a probe of another user", func(a *attack) error {
			return os.WriteFile(filepath.Join(a.state, "probe", "answer.json"), nil, 0o666)
		}, ""},
	} {
		chosen := slices.Contains(everyTrap, test.name)
		if chosen {
			found++
		}
		t.Run(test.name, func(t *testing.T) {
			if !chosen && !thorough() {
				t.Skip("much like another one, and pkg/loader/trust has its rule: set OTAI_TEST_ALL=1")
			}
			a := newAttack(t, builds, marker)
			must(t, test.spoil(a))
			if test.fix == "" {
				must(t, os.Chown(filepath.Join(a.state, "probe", "answer.json"), mallory, 0))
				test.fix = "rm -r STATE/plugins STATE/probe STATE/checksums"
			}
			a.lie(t)
			before := tree(t, a.state)
			if test.fix == used {
				// Root's own lie is believed: the attack works where nothing protects.
				out, err := a.otai(0, "run", "--once", "-c", a.config)
				if err != nil || !a.ran() {
					t.Fatalf("%v, the planted code ran: %v\n%s", err, a.ran(), out)
				}
				return
			}
			for _, args := range a.looking() {
				out, err := a.otai(0, args...)
				a.notRun(t, strings.Join(args, " "))
				var exit *exec.ExitError
				systems := args[0] == "model" || args[0] == "doctor" // which fail, as the configuration has neither
				if err != nil && !(systems && errors.As(err, &exit) && exit.ExitCode() == 2) {
					t.Errorf("otai %q: %v\n%s", args, err, out)
				}
				if args[1] == "list" && args[0] == "plugin" && (!strings.Contains(out, "greet:GreetPipe") || !strings.Contains(out, "loaded")) {
					t.Errorf("the genuine plugin is not shown: %s", out)
				}
			}
			left, err := filepath.Glob(filepath.Join(a.dir, "tmp", "*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left in the folder for temporary files: %q, %v", left, err)
			}
			if test.fix != spared && !slices.Equal(before, tree(t, a.state)) {
				t.Errorf("looking changed the folder\n%q\n%q", before, tree(t, a.state))
			}
			out, err := a.otai(0, "run", "--once", "-c", a.config)
			a.notRun(t, "run")
			if test.fix == spared {
				if err != nil {
					t.Errorf("run: %v\n%s", err, out)
				}
				return
			}
			fix := strings.NewReplacer("STATE", a.state, "PARENT", filepath.Dir(a.state)).Replace(test.fix)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(out, "(state-dir)") || !strings.Contains(out, fix) {
				t.Errorf("run: %v, want exit code 3 and %q\n%s", err, fix, out)
			}
			if !slices.Equal(before, tree(t, a.state)) {
				t.Errorf("the refused run changed the folder")
			}
			if strings.HasPrefix(fix, "rm -r ") {
				if out, err := newCommand("sh", "-c", fix).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if out, err := a.otai(0, "run", "--once", "-c", a.config); err != nil {
					t.Errorf("after %s: %v\n%s", fix, err, out)
				}
				a.notRun(t, "the run after the repair")
			}
		})
	}
	if found != len(everyTrap) {
		t.Errorf("%d of those that are chosen are there, of %q", found, everyTrap)
	}
}
