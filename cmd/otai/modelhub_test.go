package main_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// modelHub is a HuggingFace server where every name but org/none is the
// demonstration's model. Its commit and branch main are the same for all time.
type modelHub struct {
	server *httptest.Server
	folder string
	mode   atomic.Value // string: "on", "off", "damage", "private", or a status
}

const modelCommit = "0123456789abcdef0123456789abcdef01234567"

func newModelHub(t *testing.T) *modelHub {
	h := &modelHub{folder: filepath.Join(product.root, "examples", "demo", "models", "queue")}
	h.mode.Store("on")
	h.server = httptest.NewServer(h)
	return h
}

// hub MODE makes the script's HuggingFace server answer ("on"), vanish ("off"), send
// damaged weights ("damage"), ask for the token hf_of-the-configuration ("private"), or
// refuse with a status.
func hub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hub on|off|damage|private|STATUS")
	}
	ts.Value("models").(*modelHub).mode.Store(args[0])
}

func (h *modelHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mode := h.mode.Load().(string)
	if mode == "off" {
		panic(http.ErrAbortHandler)
	}
	if mode == "private" && r.Header.Get("Authorization") != "Bearer hf_of-the-configuration" {
		mode = "401"
	}
	if status, err := strconv.Atoi(mode); err == nil {
		w.WriteHeader(status)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/api/models/org/none/") {
		w.Header().Set("X-Error-Code", "RepoNotFound")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/api/models/") && strings.HasSuffix(r.URL.Path, "/revision/main") {
		var files []map[string]string
		entries, err := os.ReadDir(h.folder)
		if err != nil {
			panic(err)
		}
		for _, e := range entries {
			files = append(files, map[string]string{"rfilename": e.Name()})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"sha": modelCommit, "siblings": files})
		return
	}
	_, file, ok := strings.Cut(r.URL.Path, "/resolve/"+modelCommit+"/")
	content, err := os.ReadFile(filepath.Join(h.folder, filepath.Base(file)))
	if !ok || err != nil {
		w.Header().Set("X-Error-Code", "EntryNotFound")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(content))))
	if mode == "damage" && file == "model.safetensors" {
		content[len(content)/2] ^= 1
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content)
}
