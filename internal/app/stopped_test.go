package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAStopWhileTheConfigurationIsReadIsNoMistakeInIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte("orchestrator: { params: { steps: [] } }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s := Settings{ConfigFiles: []string{file}}
	if _, _, err := s.configSources(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was stopped", err)
	}
	if err := Run(ctx, s, RunOptions{}); err != nil {
		t.Errorf("run: got %v, want a quiet end", err)
	}
}
