package models

import (
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/hfjson"
)

// ReadPairs reads the files of a BPE model, vocab.json and merges.txt.
func ReadPairs(vocabulary, merges []byte) (Model, error) {
	scan := hfjson.NewScanner(string(vocabulary))
	ids, err := scan.IDs(MaxEntries, ErrEntries)
	if err == nil {
		err = scan.End()
	}
	if err != nil {
		return nil, fmt.Errorf("vocab.json: %w", err)
	}
	if strings.Count(string(merges), "\n") > MaxEntries {
		return nil, fmt.Errorf("merges.txt: %w", ErrEntries)
	}
	var v vocabularies
	for i, line := range strings.Split(string(merges), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" && i == strings.Count(string(merges), "\n") {
			break
		}
		if err := v.addMerge(line); err != nil {
			return nil, fmt.Errorf("merges.txt, line %d: %w", i+1, err)
		}
	}
	return newBPE(ids, v.merges, bpeOptions{})
}
