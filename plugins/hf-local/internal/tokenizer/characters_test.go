package tokenizer_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/normalizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pretokenizers"
)

func TestEveryCharacterIsTreatedAsHuggingFaceDoes(t *testing.T) {
	// Written by tools/hf-reference/categories.py.
	text, err := os.ReadFile("../../testdata/characters.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Hashes map[string]string }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Hashes) < 700 {
		t.Fatalf("only %d blocks", len(file.Hashes))
	}
	yes, no := true, false
	steps := []normalizers.BERT{{Clean: true, Strip: &no}, {Chinese: true, Strip: &no}, {Strip: &yes}, {Lower: true, Strip: &no}}
	for block, want := range file.Hashes {
		first, err := strconv.ParseInt(block, 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		for c := rune(first); c < rune(first)+256; c++ {
			if c >= 0xD800 && c < 0xE000 {
				continue
			}
			text := "a" + string(c) + "b"
			for _, step := range steps {
				fmt.Fprintln(h, step.Normalize(text))
			}
			words := 0
			pretokenizers.BERT(pretokenizers.Span{Text: text}, func(pretokenizers.Span) { words++ })
			fmt.Fprintln(h, words)
		}
		if got := hex.EncodeToString(h.Sum(nil))[:16]; got != want {
			t.Errorf("a character from U+%s on is treated otherwise", block)
		}
	}
}
