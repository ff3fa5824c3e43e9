package operation

import (
	"encoding/base64"
	"strings"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// readFiles checks the attachments of a request.
func (s *System) readFiles(op string, in wire.Values) ([]store.File, error) {
	list := wire.Elements(in["Attachment"])
	files := make([]store.File, 0, len(list))
	for _, each := range list {
		f, ok := each.(map[string]any)
		if !ok || len(f) == 0 {
			return nil, wire.KernelError(op + ": Ticket->Attachment parameter is invalid!")
		}
		a := wire.Values(f).Trimmed()
		for _, key := range []string{"Content", "ContentType", "Filename"} {
			if a.Text(key) == "" {
				return nil, wire.Reject(op, "MissingParameter", "Attachment->"+key+" parameter is missing!")
			}
		}
		kind := strings.ToLower(a.Text("ContentType"))
		if _, _, ok := wire.MediaType(kind); !ok {
			return nil, wire.Reject(op, "InvalidParameter", "Attachment->ContentType is invalid!")
		}
		files = append(files, store.File{Name: a.Text("Filename"), ContentType: kind, Content: fromBase64(a.Text("Content"))})
	}
	return files, nil
}

// fromBase64 decodes as Perl does: it skips what isn't in the alphabet and stops at the end.
func fromBase64(text string) []byte {
	text, _, _ = strings.Cut(text, "=")
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", r) {
			return r
		}
		return -1
	}, text)
	if len(plain)%4 == 1 {
		plain = plain[:len(plain)-1]
	}
	content, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil
	}
	return content
}
