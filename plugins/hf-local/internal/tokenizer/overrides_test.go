package tokenizer_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer"
)

func TestSettingsWinOverTokenizerJSONWhereTransformersSaysSo(t *testing.T) {
	text, err := os.ReadFile("testdata/settings.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Texts []string
		Cases []struct {
			Tokenizer string
			Settings  json.RawMessage
			IDs       [][]int32
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 10 {
		t.Fatalf("only %d recorded", len(file.Cases))
	}
	for _, c := range file.Cases {
		t.Run(fmt.Sprintf("%s %s", c.Tokenizer, c.Settings), func(t *testing.T) {
			folder, _ := unpack(t, filepath.Join("testdata", c.Tokenizer+".zip"))
			if err := os.WriteFile(filepath.Join(folder, "tokenizer_config.json"), c.Settings, 0o600); err != nil {
				t.Fatal(err)
			}
			tok, err := tokenizer.Load(folder)
			if err != nil {
				t.Fatal(err)
			}
			for i, text := range file.Texts {
				if got, _ := tok.Encode(text, 1<<20); !slices.Equal(got, c.IDs[i]) {
					t.Errorf("%q:\n got %v\nwant %v", text, got, c.IDs[i])
				}
			}
		})
	}
}
