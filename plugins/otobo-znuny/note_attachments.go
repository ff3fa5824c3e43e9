package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"path"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// newAttachments reads Note.Fields.Attachments: a list of {Filename, ContentType,
// and Content in base64 or Text}.
func newAttachments(place string, v any) ([]wire.Attachment, error) {
	var out []wire.Attachment
	for i, e := range wire.List(v) {
		a, err := newAttachment(e)
		if err != nil {
			return nil, &api.FieldError{Field: fmt.Sprintf("%s[%d]", place, i), Err: fmt.Errorf("%w: %w", api.ErrInvalid, err)}
		}
		out = append(out, a)
	}
	return out, nil
}

func newAttachment(v any) (wire.Attachment, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return wire.Attachment{}, errors.New("is not a mapping with Filename, ContentType and Content (base64) or Text")
	}
	var a wire.Attachment
	given := false
	for key, e := range m {
		s, isText := e.(string)
		switch key {
		case "Filename":
			a.Filename = path.Base(oneLine(s, 250))
		case "ContentType":
			a.ContentType = contentType(s)
		case "Text":
			a.Content, given = base64.StdEncoding.EncodeToString([]byte(s)), true
		case "Content":
			if _, err := base64.StdEncoding.DecodeString(s); err != nil {
				return wire.Attachment{}, errors.New("its Content is not base64; give plain text as Text")
			}
			a.Content, given = s, true
		case "Size", "Disposition", "ContentID": // of one that was read
			isText = true
		default:
			return wire.Attachment{}, fmt.Errorf("%s is not known (known are Filename, ContentType, Content and Text)", key)
		}
		if !isText {
			return wire.Attachment{}, fmt.Errorf("%s must be text", key)
		}
	}
	if a.Filename == "" || a.Filename == "." || a.Filename == "/" || !given {
		return wire.Attachment{}, errors.New("needs Filename and Content (base64) or Text")
	}
	if a.Content == "" {
		return wire.Attachment{}, errors.New("is empty: the help desk takes no file without content")
	}
	if a.ContentType == "" {
		a.ContentType = "application/octet-stream"
		if _, isText := m["Text"]; isText {
			a.ContentType = contentType("text/plain")
		}
	}
	return a, nil
}
