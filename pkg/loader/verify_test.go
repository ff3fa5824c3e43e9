package loader_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"

	"github.com/open-ticket-ai/otai/pkg/loader"
)

// orTrustGroup is what a message adds where only a group can write.
const orTrustGroup = " (or, where that group is trusted as Kubernetes' fsGroup is, set OTAI_TRUST_GROUP=1)"

func TestAPluginThatOthersCouldReplaceIsNotOpened(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(dir string) error // of the folder that holds the plugin
		fix   string                 // with DIR for the folder; "" where the plugin loads
		root  bool                   // only root can prepare this
	}{
		{"below a folder for temporary files", func(dir string) error { return os.Chmod(filepath.Dir(dir), 0o777|os.ModeSticky) }, "", false},
		{"in a folder for temporary files", func(dir string) error { return os.Chmod(dir, 0o777|os.ModeSticky) }, "", false},
		{"a file that everybody can write", func(dir string) error { return os.Chmod(filepath.Join(dir, "otai_zz_good.so"), 0o666) }, "chmod o-w DIR/otai_zz_good.so", false},
		{"a folder that everybody can write", func(dir string) error { return os.Chmod(dir, 0o777) }, "chmod o-w DIR", false},
		{"a folder far above that everybody can write", func(dir string) error { return os.Chmod(filepath.Dir(filepath.Dir(dir)), 0o777) }, "chmod o-w PARENT", false},
		{"a link into a folder that everybody can write", func(dir string) error {
			other := filepath.Join(filepath.Dir(dir), "other one")
			file := filepath.Join(dir, "otai_zz_good.so")
			if err := os.Mkdir(other, 0o700); err != nil {
				return err
			}
			if err := os.Rename(file, filepath.Join(other, "real.so")); err != nil {
				return err
			}
			if err := os.Symlink("../other one/real.so", file); err != nil {
				return err
			}
			return os.Chmod(other, 0o777)
		}, "chmod o-w 'OTHER'", false},
		{"a file of another user", func(dir string) error { return os.Chown(filepath.Join(dir, "otai_zz_good.so"), 12345, 12345) }, "chown root DIR/otai_zz_good.so (only if you trust what is in it)", true},
		{"a folder of another user", func(dir string) error { return os.Chown(dir, 12345, 12345) }, "chown root DIR (only if you trust what is in it)", true},
		{"a folder far above of another user", func(dir string) error { return os.Chown(filepath.Dir(filepath.Dir(dir)), 12345, 12345) }, "chown root PARENT (only if you trust what is in it)", true},
		{"a file that another group can write", func(dir string) error {
			return errors.Join(os.Chown(filepath.Join(dir, "otai_zz_good.so"), -1, 12345), os.Chmod(filepath.Join(dir, "otai_zz_good.so"), 0o660))
		}, "chmod g-w DIR/otai_zz_good.so" + orTrustGroup, true},
		{"a file that the owner's own group can write", func(dir string) error { return os.Chmod(filepath.Join(dir, "otai_zz_good.so"), 0o660) }, "", true},
		{"a folder that another group can write", func(dir string) error { return errors.Join(os.Chown(dir, -1, 12345), os.Chmod(dir, 0o775)) }, "chmod g-w DIR" + orTrustGroup, true},
		{"a folder that another group and everybody can write", func(dir string) error { return errors.Join(os.Chown(dir, -1, 12345), os.Chmod(dir, 0o777)) }, "chmod go-w DIR", true},
		{"a folder far above that another group can write", func(dir string) error {
			above := filepath.Dir(filepath.Dir(dir))
			return errors.Join(os.Chown(above, -1, 12345), os.Chmod(above, 0o775))
		}, "chmod g-w PARENT" + orTrustGroup, true},
		{"another user's link in a folder for temporary files", func(dir string) error {
			other, file := filepath.Join(filepath.Dir(dir), "other one"), filepath.Join(dir, "otai_zz_good.so")
			return errors.Join(os.Mkdir(other, 0o700), os.Rename(file, filepath.Join(other, "real.so")), os.Symlink("../other one/real.so", file),
				os.Lchown(file, 12345, 12345), os.Chmod(dir, 0o777|os.ModeSticky))
		}, "chown -h root DIR/otai_zz_good.so (only if you trust what is in it)", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.root && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			parent := filepath.Join(t.TempDir(), "a")
			dir := filepath.Join(parent, "b", "plugins")
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "otai_zz_good.so"), read(t, "otai_zz_good.so"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := test.spoil(dir); err != nil {
				t.Fatal(err)
			}
			r := host(t, dir)
			if test.fix == "" {
				r.goodPluginWorks(t)
				return
			}
			p := r.plugin(t, "otai_zz_good.so")
			fix := strings.NewReplacer("DIR", dir, "PARENT", parent, "OTHER", filepath.Join(filepath.Dir(dir), "other one")).Replace(test.fix)
			if p.Stage != loader.StageVerify || p.Code != loader.CodeInsecurePermissions || p.Fix != fix {
				t.Errorf("%s at %s, fix %q, want %q: %s", p.Code, p.Stage, p.Fix, fix, p.Message)
			}
		})
	}
}

func TestATrustedGroupMayWriteAndEverybodyMayNot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	for mode, code := range map[os.FileMode]loader.Code{0o775 | os.ModeSetgid: "", 0o777: loader.CodeInsecurePermissions} {
		dir := folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so"})
		if err := errors.Join(os.Chown(dir, -1, 12345), os.Chmod(dir, mode)); err != nil {
			t.Fatal(err)
		}
		if p := host(t, "-trust-group", dir).plugin(t, "otai_zz_good.so"); p.Code != code {
			t.Errorf("%v: %s, want %q", mode, p.Message, code)
		}
	}
}

func TestATrustedKeyThatOthersCouldReplaceIsNone(t *testing.T) {
	public, _, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "keys")
	file := filepath.Join(dir, "maker.pub")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(file, []byte(public.String()), 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path string
		mode os.FileMode
		fix  string
	}{{file, 0o644, ""}, {file, 0o666, "chmod o-w " + file}, {file, 0o644, ""}, {dir, 0o777, "chmod o-w " + dir}} {
		if err := os.Chmod(test.path, test.mode); err != nil {
			t.Fatal(err)
		}
		_, err := loader.ReadKeys([]string{file}, false)
		if refused := err != nil; refused != (test.fix != "") || refused && !strings.Contains(err.Error(), test.fix) {
			t.Errorf("%s with mode %v: %v, want %q", test.path, test.mode, err, test.fix)
		}
	}
}

func TestAPinnedChecksumMustBeThatOfTheFile(t *testing.T) {
	dir := folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so"})
	sum := sha256.Sum256(read(t, "otai_zz_good.so"))
	right, wrong := hex.EncodeToString(sum[:]), strings.Repeat("0f", 32)
	policy := func(sum string) string { return fmt.Sprintf(`{"Name":"otai-zz-good","SHA256":%q}`, sum) }
	host(t, "-policy", policy(strings.ToUpper(right)), dir).goodPluginWorks(t)
	p := host(t, "-policy", policy(wrong), dir).plugin(t, "otai_zz_good.so")
	if p.Code != loader.CodeChecksumMismatch || p.Stage != loader.StageVerify || !strings.Contains(p.Message, right) || !strings.Contains(p.Message, wrong) {
		t.Errorf("%s", p.Message)
	}
}

func TestWithTrustedKeysOnlySignedPluginsAreTriedOrOpened(t *testing.T) {
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	keyText, err := public.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(t.TempDir(), "maker.pub")
	if err := os.WriteFile(keyFile, keyText, 0o600); err != nil {
		t.Fatal(err)
	}
	content := read(t, "otai_init_panics_in_host.so")
	hashed := minisign.NewReader(strings.NewReader(string(content)))
	if _, err := hashed.Read(make([]byte, len(content))); err != nil {
		t.Fatal(err)
	}
	altered := func(from, to string) []byte {
		return []byte(strings.Replace(string(minisign.Sign(private, content)), from, to, 1))
	}
	windows := func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
	windowsKey := filepath.Join(t.TempDir(), "windows.pub")
	if err := os.WriteFile(windowsKey, []byte(windows(string(keyText)+"\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		key       string
		signature []byte // nil: there is none
		code      loader.Code
		says      string
	}{
		{"signed", public.String(), minisign.Sign(private, content), "", ""},
		{"signed by its hash", public.String(), hashed.Sign(private), "", ""},
		{"signed, the key in a file", keyFile, minisign.Sign(private, content), "", ""},
		{"signed, the key with its comment", string(keyText), minisign.Sign(private, content), "", ""},
		{"signed, all with the line ends of Windows", windowsKey, []byte(windows(string(hashed.Sign(private)))), "", ""},
		{"signed, the comment that is not signed changed", public.String(), altered("untrusted comment: ", "untrusted comment: not "), "", ""},
		{"signed, the comment that is signed changed", public.String(), altered("\ntrusted comment: ", "\ntrusted comment: not "), loader.CodeSignatureInvalid, "changed after signing"},
		{"not signed", public.String(), nil, loader.CodeUnsigned, "otai plugin sign"},
		{"signed by a stranger", public.String(), minisign.Sign(stranger, content), loader.CodeSignatureInvalid, "trusted_keys"},
		{"signature of another file", public.String(), minisign.Sign(private, []byte("other")), loader.CodeSignatureInvalid, "changed after signing"},
		{"no signature in the file", public.String(), []byte("signed: me"), loader.CodeSignatureInvalid, "no signature of minisign"},
		{"a signature without end", public.String(), make([]byte, 1<<20), loader.CodeSignatureInvalid, "longer than"},
	}
	for _, test := range tests {
		for _, place := range []string{"beside the file", "elsewhere"} {
			t.Run(test.name+" "+place, func(t *testing.T) {
				zooFolder := t.TempDir()
				t.Setenv("XDG_ZOO_FOLDER", zooFolder)
				dir := folder(t, map[string]string{"otai_init_panics_in_host.so": "zoo:otai_init_panics_in_host.so"})
				signature := filepath.Join(dir, "otai_init_panics_in_host.so"+loader.SignatureEnding)
				args := []string{"-inspect", "-key", test.key}
				if place == "elsewhere" {
					signature = filepath.Join(t.TempDir(), "signature")
					args = append(args, "-policy", fmt.Sprintf(`{"Name":"otai-init-panics-in-host","Signature":%q}`, signature))
				}
				if test.signature != nil {
					if err := os.WriteFile(signature, test.signature, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				p := host(t, append(args, dir)...).plugin(t, "otai_init_panics_in_host.so")
				if p.Code != test.code || !strings.Contains(p.Message, test.says) || test.code != "" && p.Stage != loader.StageVerify {
					t.Errorf("%s at %s, want %s: %s", p.Code, p.Stage, test.code, p.Message)
				}
				_, err := os.Stat(filepath.Join(zooFolder, "tried"))
				if tried := err == nil; tried != (test.code == "") {
					t.Errorf("tried: %v", tried)
				}
			})
		}
	}
}

func TestATrustedKeyThatIsNoneIsExplained(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret.key")
	if err := os.WriteFile(file, []byte("untrusted comment: secret\nRWRTY0Iy"), 0o600); err != nil {
		t.Fatal(err)
	}
	for given, says := range map[string]string{"RWQnothing": "neither", "/nowhere/maker.pub": "no such file", file: "not the secret key"} {
		if _, err := loader.ReadKeys([]string{given}, false); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", given, err)
		}
	}
}
