package hub

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func FuzzParseReference(f *testing.F) {
	for _, text := range []string{"org/name", "name", "org/name@v1.0", "a@refs/pr/1", "../x", "a/../b", "a@../b", "a\x00b", "a@", "@b", "a@b@c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseReference(text)
		if err != nil {
			return
		}
		c := Cache{folder: "/cache"}
		if path := c.model(r.Name); filepath.Dir(path) != "/cache" {
			t.Errorf("%q is kept in %s", text, path)
		}
		refs := filepath.Join(c.model(r.Name), "refs")
		if path := filepath.Join(refs, r.Revision); !strings.HasPrefix(path, refs+"/") {
			t.Errorf("%q is written to %s", text, path)
		}
		if again, err := ParseReference(r.String()); err != nil || again != r {
			t.Errorf("%q became %v, %v", text, again, err)
		}
	})
}

func FuzzReadShards(f *testing.F) {
	for _, text := range []string{`{"weight_map":{"a":"model-1.safetensors"}}`, `{"weight_map":{"a":"../x.bin"}}`, `{}`, `[]`, `{"weight_map":null}`, `{"weight_map":{"a":5}}`} {
		f.Add([]byte(text))
	}
	path := filepath.Join(f.TempDir(), "index.json")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		shards, err := readShards(path)
		if err == nil && len(shards) == 0 {
			t.Error("no shards and no error")
		}
		for _, s := range shards {
			if filepath.Base(s) != s || !isFileName(s) {
				t.Errorf("shard %q", s)
			}
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, text := range []string{"0", "120", "-5", "Wed, 21 Oct 2015 07:28:00 GMT", "99999999999999999999", "soon"} {
		f.Add(text)
	}
	now := time.Date(2015, 10, 21, 7, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if d := retryAfter(http.Header{"Retry-After": {text}}, now); d < 0 {
			t.Errorf("%q is %v", text, d)
		}
	})
}
