// Package hubtest is a HuggingFace server on loopback, for tests. As the real one of
// 2025 and later does, it sends small files by a redirect within itself, and large ones
// by a redirect to a second host, its CDN, that knows no checksum. [Server.Answer] puts
// any failure in its way.
package hubtest

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Request is one that a server got.
type Request struct {
	Host          string // "hub" or "cdn"
	Method, Path  string
	Authorization string
	Range         string
}

// Server is a HuggingFace server with a second host for large files.
type Server struct {
	URL, CDN string

	mu       sync.Mutex
	models   map[string]*Model
	requests []Request
	answer   func(w http.ResponseWriter, r *http.Request, host string) bool
}

// Model is a model of a [Server].
type Model struct {
	Commits   map[string]map[string][]byte // the files of each commit
	Revisions map[string]string            // branches and tags
	Token     string                       // without it the model is hidden; "" is public
	Large     func(file string) bool       // comes from the CDN
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	s := &Server{models: map[string]*Model{}}
	hub := httptest.NewServer(s.recorded("hub", s.hub))
	cdn := httptest.NewServer(s.recorded("cdn", s.cdn))
	s.URL, s.CDN = hub.URL, cdn.URL
	t.Cleanup(func() {
		for _, server := range []*httptest.Server{hub, cdn} {
			server.CloseClientConnections()
			server.Close()
		}
	})
	return s
}

// Commit is the commit of a model that [Server.Add] made of its files.
func Commit(files map[string][]byte) string {
	h := sha1.New()
	names := []string{}
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(h, "%s %x\n", name, sha256.Sum256(files[name]))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Add puts files into a model's branch main and returns their commit.
func (s *Server) Add(name string, files map[string][]byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.models[name]
	if m == nil {
		m = &Model{
			Commits: map[string]map[string][]byte{}, Revisions: map[string]string{},
			Large: func(file string) bool {
				return slices.Contains([]string{".safetensors", ".bin", ".onnx", ".model"}, path.Ext(file))
			},
		}
		s.models[name] = m
	}
	commit := Commit(files)
	m.Commits[commit] = files
	m.Revisions["main"] = commit
	return commit
}

// Model returns a model that was added, to be changed before requests come.
func (s *Server) Model(name string) *Model {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.models[name]
}

// Answer sets what answers before the server does; it returns whether it did.
func (s *Server) Answer(f func(w http.ResponseWriter, r *http.Request, host string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// Requests returns those that came since it was last called.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := s.requests
	s.requests = nil
	return requests
}

// Folder reads the files of a folder.
func Folder(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(folder, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func (s *Server) recorded(host string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, Request{
			Host: host, Method: r.Method, Path: r.URL.EscapedPath(),
			Authorization: r.Header.Get("Authorization"), Range: r.Header.Get("Range"),
		})
		answer := s.answer
		s.mu.Unlock()
		if answer != nil && answer(w, r, host) {
			return
		}
		next(w, r)
	})
}

// ETag is the checksum of a file as the server names it.
func ETag(content []byte, large bool) string {
	if large {
		return fmt.Sprintf("%x", sha256.Sum256(content))
	}
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

func answerError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Error-Code", code)
	w.WriteHeader(status)
}

func (s *Server) hub(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rest, ok := strings.CutPrefix(r.URL.Path, "/api/models/"); ok && strings.Contains(rest, "/tree/") {
		s.tree(w, r, rest)
		return
	} else if ok {
		name, revision, _ := strings.Cut(rest, "/revision/")
		m, commit := s.find(w, r, name, revision)
		if m == nil {
			return
		}
		siblings := []map[string]any{}
		for file := range m.Commits[commit] {
			siblings = append(siblings, map[string]any{"rfilename": file})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"id": name, "modelId": name, "sha": commit, "siblings": siblings})
		return
	}
	const cached = "/api/resolve-cache/models/"
	small := strings.HasPrefix(r.URL.Path, cached)
	asked := strings.TrimPrefix(r.URL.Path, "/")
	if small {
		// ORG/NAME/COMMIT/FILE
		parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, cached), "/", 3)
		asked = parts[0] + "/" + parts[1] + "/resolve/" + parts[2]
	}
	name, rest, ok := strings.Cut(asked, "/resolve/")
	if !ok {
		answerError(w, http.StatusNotFound, "")
		return
	}
	revision, file, _ := strings.Cut(rest, "/")
	m, commit := s.find(w, r, name, revision)
	if m == nil {
		return
	}
	content, ok := m.Commits[commit][file]
	if !ok {
		answerError(w, http.StatusNotFound, "EntryNotFound")
		return
	}
	w.Header().Set("X-Repo-Commit", commit)
	if m.Large(file) {
		w.Header().Set("X-Linked-Etag", `"`+ETag(content, true)+`"`)
		w.Header().Set("X-Linked-Size", strconv.Itoa(len(content)))
		w.Header().Set("ETag", `"of-the-pointer"`)
		w.Header().Set("Location", s.CDN+"/"+name+"/"+commit+"/"+file+"?Signature=very-secret")
		w.WriteHeader(http.StatusFound)
		return
	}
	if !small && strings.Contains(name, "/") {
		w.Header().Set("Location", cached+name+"/"+commit+"/"+file+"?"+url.QueryEscape(r.URL.Path)+"=&etag=%22"+ETag(content, false)+"%22")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	w.Header().Set("ETag", `"`+ETag(content, false)+`"`)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(content)))
}

// tree lists the files in the form that newer huggingface_hub asks for.
func (s *Server) tree(w http.ResponseWriter, r *http.Request, rest string) {
	name, revision, _ := strings.Cut(rest, "/tree/")
	m, commit := s.find(w, r, name, revision)
	if m == nil {
		return
	}
	list := []map[string]any{}
	for file, content := range m.Commits[commit] {
		entry := map[string]any{"type": "file", "path": file, "size": len(content), "oid": ETag(content, false)}
		if m.Large(file) {
			entry["lfs"] = map[string]any{"oid": ETag(content, true), "size": len(content), "pointerSize": 130}
		}
		list = append(list, entry)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list)
}

// find returns a model and the commit that is asked for, or answers with an error.
func (s *Server) find(w http.ResponseWriter, r *http.Request, name, revision string) (*Model, string) {
	m := s.models[name]
	if m == nil || (m.Token != "" && r.Header.Get("Authorization") != "Bearer "+m.Token) {
		answerError(w, http.StatusUnauthorized, "RepoNotFound")
		return nil, ""
	}
	if commit, ok := m.Revisions[revision]; ok {
		return m, commit
	}
	if m.Commits[revision] == nil {
		answerError(w, http.StatusNotFound, "RevisionNotFound")
		return nil, ""
	}
	return m, revision
}

// cdn gives no checksum and no commit, as a plain store of files.
func (s *Server) cdn(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	var content []byte
	for name, m := range s.models {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/"+name+"/"); ok {
			commit, file, _ := strings.Cut(rest, "/")
			content = m.Commits[commit][file]
		}
	}
	s.mu.Unlock()
	if content == nil || r.URL.Query().Get("Signature") == "" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if r.Header.Get("Authorization") != "" {
		w.WriteHeader(http.StatusBadRequest) // as S3 does to two kinds of authorization
		return
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(content)))
}
