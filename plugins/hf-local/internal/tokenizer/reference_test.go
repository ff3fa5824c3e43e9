package tokenizer_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer"
)

// testdata is written by tools/hf-reference/record.py.
const testdata = "../../testdata"

func TestIDsAreThoseOfHuggingFaceTokenizers(t *testing.T) {
	for _, name := range []string{"cased", "uncased", "vocabulary"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(testdata, "tokens_"+name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var file struct {
				Cases [][2]json.RawMessage `json:"cases"`
			}
			if err := json.Unmarshal(text, &file); err != nil {
				t.Fatal(err)
			}
			if len(file.Cases) < 300 {
				t.Fatalf("only %d recorded strings", len(file.Cases))
			}
			tok, err := tokenizer.Load(filepath.Join(testdata, "models", name))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range file.Cases {
				var s string
				var want []int32
				if err := json.Unmarshal(c[0], &s); err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(c[1], &want); err != nil {
					t.Fatal(err)
				}
				if got, _ := tok.Encode(s, 1<<20); !slices.Equal(got, want) {
					t.Errorf("%+q: %v, HuggingFace has %v", s, got, want)
				}
			}
		})
	}
}
