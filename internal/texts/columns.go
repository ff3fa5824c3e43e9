package texts

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/files"
)

// Columns returns the columns of a table, for the completion of a shell; none of what isn't
// a regular file or a table.
func Columns(ctx context.Context, name string, o Options) []string {
	o.Progress = nil
	in, err := open(ctx, name, o)
	if err != nil {
		return nil
	}
	defer in.Close()
	if _, waits := in.(files.WaitingReader); waits {
		return nil
	}
	decoded, err := decode(bufio.NewReaderSize(in, headBytes), o.Encoding)
	if err != nil {
		return nil
	}
	head, _ := decoded.Peek(headBytes)
	if start := bytes.TrimLeft(head, "[ \t\r\n"); bytes.HasPrefix(start, []byte("{")) {
		var object map[string]any
		if json.NewDecoder(bytes.NewReader(start)).Decode(&object) != nil {
			return nil
		}
		return slices.Sorted(maps.Keys(object))
	}
	var best []string
	for _, delimiter := range delimiters {
		if header := headerBy(head, delimiter); len(header) > len(best) {
			best = header
		}
	}
	return slices.DeleteFunc(best, func(name string) bool { return strings.TrimSpace(name) == "" })
}
