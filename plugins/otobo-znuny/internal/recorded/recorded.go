// Package recorded has answers of real help desks, Znuny 6.5.15 and OTOBO 11.0,
// for tests.
package recorded

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

//go:embed recorded.jsonl
var file []byte

// Answer is an answer of a real server; status 0 is a connection that was closed
// without a byte.
type Answer struct {
	Server, Name, Route string
	Status              int
	ContentType         string `json:"content_type"`
	Body                string
}

// Answers are all of them by "server/name".
func Answers(t testing.TB) map[string]Answer {
	t.Helper()
	all := make(map[string]Answer)
	lines := bufio.NewScanner(bytes.NewReader(file))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a Answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		all[a.Server+"/"+a.Name] = a
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return all
}

// ServeHTTP gives this answer to every request.
func (a Answer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if a.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", a.ContentType)
	w.WriteHeader(a.Status)
	_, _ = w.Write([]byte(a.Body))
}

// Serve gives this answer to every request until the test ends.
func (a Answer) Serve(t testing.TB) *httptest.Server {
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return server
}
