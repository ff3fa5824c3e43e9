package tokenizer_test

import (
	"archive/zip"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer"
)

// recorded is a tokenizer as tools/hf-reference/tokenizers_record.py left it.
type recorded struct {
	*tokenizer.Tokenizer
	ids [][]int32 // of each string
}

// readStrings reads the strings that were recorded in folder.
func readStrings(t testing.TB, folder string) []string {
	t.Helper()
	file, err := os.Open(filepath.Join(folder, "strings.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	if err := json.NewDecoder(z).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// unpack puts the files of a recorded tokenizer into a folder.
func unpack(t testing.TB, path string) (folder string, ids [][]int32) {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	folder = t.TempDir()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "ids.json" {
			var file struct{ IDs [][]int32 }
			if err := json.Unmarshal(text, &file); err != nil {
				t.Fatal(err)
			}
			ids = file.IDs
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, f.Name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder, ids
}

func readRecorded(t testing.TB, path string) recorded {
	t.Helper()
	folder, ids := unpack(t, path)
	tok, err := tokenizer.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return recorded{tok, ids}
}

// compare demands the recorded ids of every string, for every tokenizer in folder.
func compare(t *testing.T, folder string, atLeast int) {
	t.Helper()
	texts := readStrings(t, folder)
	if len(texts) < atLeast {
		t.Fatalf("only %d strings", len(texts))
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.zip"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no tokenizers: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".zip"), func(t *testing.T) {
			t.Parallel()
			r := readRecorded(t, path)
			if len(r.ids) != len(texts) {
				t.Fatalf("ids of %d strings, not of %d", len(r.ids), len(texts))
			}
			wrong := 0
			for i, text := range texts {
				got, _ := r.Encode(text, 1<<20)
				if slices.Equal(got, r.ids[i]) {
					continue
				}
				if wrong++; wrong <= 5 {
					t.Errorf("%+q:\n got %v\nwant %v", text, got, r.ids[i])
				}
			}
			if wrong > 0 {
				t.Errorf("%d of %d strings have other ids", wrong, len(texts))
			}
		})
	}
}

// recordedKinds reads all tokenizers that are kept with the code, in their order.
func recordedKinds(t testing.TB) (all []recorded) {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.zip")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no tokenizers: %v", err)
	}
	for _, path := range paths {
		all = append(all, readRecorded(t, path))
	}
	return all
}

func FuzzEncode(f *testing.F) {
	kinds := recordedKinds(f)
	for _, text := range []string{"", "Größe [MASK] <s>", "\x00\xff\u200d", "e\u0301\u0323 👨‍👩‍👧‍👦", "\r\n  \t", "ﬃ①㍿"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, k := range kinds {
			all, _ := k.Encode(text, 1<<20)
			for _, id := range all {
				if id < 0 || int(id) >= k.Size() {
					t.Fatalf("%s: id %d of a tokenizer of size %d", k.Path(), id, k.Size())
				}
			}
			limit := k.Specials() + 3
			short, truncated := k.Encode(text, limit)
			if truncated != (len(all) > limit) || len(short) != min(limit, len(all)) {
				t.Fatalf("%s: %d ids are cut to %d (%v)", k.Path(), len(all), len(short), truncated)
			}
			if begin := len(short) - k.Specials(); !truncated && !slices.Equal(all, short) || begin < 0 {
				t.Fatalf("%s: %v became %v", k.Path(), all, short)
			}
		}
	})
}

func TestEveryKindHasTheIDsOfHuggingFace(t *testing.T) {
	compare(t, "testdata", 2000)
}

// More strings than are kept with the code: see docs/development or the recorder.
func TestOtherStringsHaveTheIDsOfHuggingFace(t *testing.T) {
	folder := os.Getenv("OTAI_TOKENIZERS")
	if folder == "" {
		t.Skip("OTAI_TOKENIZERS names no folder made by tools/hf-reference/tokenizers_record.py --random 50000 1 --out FOLDER")
	}
	compare(t, folder, 1)
}

func TestAnyAmountOfAnythingIsTokenizedByEveryKind(t *testing.T) {
	size := 1 << 12
	if os.Getenv("OTAI_TEST_ALL") != "" {
		size = 1 << 20
	}
	units := map[string]string{
		"letters": "a", "words": "ab ", "marks": "\u0301\u0316", "bad bytes": "\xff", "blanks": " ", "NUL": "\x00",
		"emoji": "👨‍👩‍👧‍👦", "added tokens": "<s><ticket> ", "almost added tokens": "<ticket", "line ends": "\r\n",
	}
	for _, k := range recordedKinds(t) {
		for name, unit := range units {
			text := strings.Repeat(unit, size/len(unit))
			ids, _ := k.Encode(text, 512)
			if len(ids) > 512 {
				t.Errorf("%s, %s: %d ids", k.Path(), name, len(ids))
			}
			k.Encode(text, 1<<30)
		}
	}
}

func TestATokenizerIsSharedByManyAtOnce(t *testing.T) {
	texts := readStrings(t, "testdata")[:300]
	r := readRecorded(t, "testdata/cl100k.zip")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i, text := range texts {
				if got, _ := r.Encode(text, 1<<20); !slices.Equal(got, r.ids[i]) {
					t.Errorf("%+q: got %v, want %v", text, got, r.ids[i])
				}
			}
		})
	}
	all.Wait()
}

// Where the text ends early, so does the work: what lies behind is cut off anyway.
func TestACutTextBeginsOrEndsAsTheWholeOne(t *testing.T) {
	for _, path := range []string{"testdata/bert_uncased.zip", "testdata/xlm_roberta.zip", "testdata/roberta_slow.zip"} {
		for _, side := range []string{"right", "left"} {
			folder, _ := unpack(t, path)
			settings := []byte(`{"truncation_side": "` + side + `", "mask_token": {"content": "<mask>", "lstrip": true}}`)
			if err := os.WriteFile(filepath.Join(folder, "tokenizer_config.json"), settings, 0o600); err != nil {
				t.Fatal(err)
			}
			tok, err := tokenizer.Load(folder)
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Join(readStrings(t, "testdata")[:20], " ")
			whole, cut := tok.Encode(text, 1<<20)
			if cut {
				t.Fatal("the whole text is cut")
			}
			for _, limit := range []int{2, 3, 17, 100} {
				got, cut := tok.Encode(text, limit)
				want := slices.Concat(whole[:limit-1], whole[len(whole)-1:])
				if side == "left" {
					want = slices.Concat(whole[:1], whole[len(whole)-limit+1:])
				}
				if !cut || !slices.Equal(got, want) {
					t.Errorf("%s, %s, %d: %v, want %v", path, side, limit, got, want)
				}
			}
		}
	}
}
