package loader_test

import (
	"path/filepath"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/loader"
)

// What is refused by its probe or for its version is not opened, so whoever was in
// conflict with it loads.
func TestARefusedPluginIsInNobodysWay(t *testing.T) {
	dir := folder(t, map[string]string{
		"otai_init_panics.so": "zoo:otai_init_panics.so", "otai_needs_dep.so": "zoo:otai_needs_dep.so", "otai_needs_new_dep.so": "zoo:otai_needs_new_dep.so",
	})
	r := host(t, "-policy", `{"Name":"otai-init-panics"}`, "-policy", `{"Name":"otai-needs-dep","Version":">=9"}`, dir)
	for file, code := range map[string]loader.Code{
		"otai_init_panics.so": loader.CodeInitPanic, "otai_needs_dep.so": loader.CodeVersionConstraint, "otai_needs_new_dep.so": "",
	} {
		if p := r.plugin(t, file); p.Code != code {
			t.Errorf("%s: %q, want %q: %s", file, p.Code, code, p.Message)
		}
	}
}

func TestConflictsBetweenPluginsAreFoundWithoutOpeningAny(t *testing.T) {
	dir := folder(t, map[string]string{
		"otai_needs_dep.so": "zoo:otai_needs_dep.so", "otai_needs_new_dep.so": "zoo:otai_needs_new_dep.so",
		"otai_zz_good.so": "zoo:otai_zz_good.so", "otai_zzz_same.so": "zoo:otai_same_path.so",
	})
	for _, args := range [][]string{
		{dir},
		append(inOrder("otai-zz-good", "otai-needs-new-dep"), dir),
		append(inOrder("otai-needs-new-dep", "otai-needs-dep"), dir),
	} {
		inspected, loaded := host(t, append([]string{"-inspect"}, args...)...), host(t, args...)
		for n, p := range inspected.Plugins {
			if other := loaded.Plugins[n]; p.Path != other.Path || p.Status != other.Status || p.Message != other.Message {
				t.Errorf("%v: inspected %s %s, loaded %s %s", args, p.Status, p.Message, other.Status, other.Message)
			}
		}
		codes := map[loader.Code]int{}
		for _, p := range loaded.Plugins {
			codes[p.Code]++
		}
		if codes[""] != 2 || codes[loader.CodePackageConflict] != 1 || codes[loader.CodePluginPathInUse] != 1 {
			t.Errorf("%v: %v", args, codes)
		}
	}
}

func TestAFileIsInspectedWhereverItIs(t *testing.T) {
	dir := folder(t, map[string]string{"otai_zz_good.so": "zoo:otai_zz_good.so", "otai_init_exits.so": "zoo:otai_init_exits.so", "good.so": "zoo:otai_zz_good.so"})
	for file, code := range map[string]loader.Code{"otai_zz_good.so": "", "otai_init_exits.so": loader.CodeProbeCrashed, "good.so": loader.CodeBadMetadata, "none/otai_x.so": loader.CodeUnreadable} {
		r := host(t, "-file", filepath.Join(dir, file))
		if p := r.Plugins[0]; p.Code != code || len(r.Plugins) != 1 || len(r.Names) > 0 {
			t.Errorf("%s: %s %s", file, p.Status, p.Message)
		}
	}
}
