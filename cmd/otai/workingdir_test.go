package main_test

import (
	"strings"
	"testing"
)

func TestAWorkingDirectoryThatWasRemovedIsNoWrongUsage(t *testing.T) {
	cmd := newCommandContext(t.Context(), "sh", "-c", `mkdir gone && cd gone && rmdir ../gone && exec "$OTAI" validate -c "$CONFIG"`)
	cmd.Dir, cmd.Env = t.TempDir(), environment(t, "OTAI="+product.otai, "CONFIG="+writeFile(t, oneStep))
	out, _ := cmd.CombinedOutput()
	if text := string(out); cmd.ProcessState.ExitCode() != 1 || !strings.Contains(text, "change into another one") || strings.Contains(text, "--help") {
		t.Errorf("exit code %d:\n%s", cmd.ProcessState.ExitCode(), text)
	}
}
