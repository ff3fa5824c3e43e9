package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestANewPluginBuildsTestsLoadsAndRunsOffline(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := offline(t, t.TempDir())
	must := func(dir, name string, args ...string) string {
		t.Helper()
		cmd := newCommand(name, args...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", filepath.Base(name), args, err, out)
		}
		return string(out)
	}
	must(dir, product.otai, "plugin", "new", "my-desk")
	project := filepath.Join(dir, "otai-my-desk")
	must(project, "go", "vet", "./...")
	must(project, "go", "test", "./...")
	if out := must(project, "gofmt", "-l", "."); out != "" {
		t.Errorf("not formatted: %s", out)
	}
	for how, build := range map[string][]string{
		"go build":          {"go", "build", "-trimpath", "-buildmode=plugin", "-o", "otai_my_desk.so", "."},
		"otai plugin build": {product.otai, "plugin", "build", "."},
	} {
		must(project, build[0], build[1:]...)
		wantLoaded(t, project, "otai_my_desk")
		if out := must(project, product.otai, "plugin", "check", "otai_my_desk.so"); !strings.Contains(out, "ok") {
			t.Errorf("%s: %s", how, out)
		}
		must(project, product.otai, "validate", "-c", "config.yml", "--plugin-dir", ".")
		must(project, product.otai, "run", "--once", "-c", "config.yml", "--plugin-dir", ".")
		if err := os.Remove(filepath.Join(project, "otai_my_desk.so")); err != nil {
			t.Fatal(err)
		}
	}
}
