package support

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"time"
)

// readme is the name of the file that says what the others are.
const readme = "README.txt"

// pack makes the archive. Each file goes through the redactor here, and nowhere is there a way past
// it.
func (c *collecting) pack() ([]byte, error) {
	for i := range c.Entries {
		e := &c.Entries[i]
		e.content = []byte(c.clean(string(e.content)))
		e.Size = len(e.content)
	}
	first := Entry{Name: readme, About: "this list", content: []byte(c.clean(c.text()))}
	first.Size = len(first.content)
	c.Entries = append([]Entry{first}, c.Entries...)

	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	folder := "otai-support-" + c.Time.Format("20060102T150405Z") + "/"
	for _, e := range c.Entries {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: folder + e.Name, Mode: 0o600, Size: int64(e.Size), ModTime: c.Time, Format: tar.FormatPAX}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("packing %s: %w", e.Name, err)
		}
		if _, err := archive.Write(e.content); err != nil {
			return nil, fmt.Errorf("packing %s: %w", e.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("packing: %w", err)
	}
	if err := zipped.Close(); err != nil {
		return nil, fmt.Errorf("packing: %w", err)
	}
	return out.Bytes(), nil
}

// text says what is in the archive and what isn't.
func (c *collecting) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Written by otai %s at %s for somebody who helps. Read it before you send it.\n\nIn it:\n", c.settings.Version, c.Time.Format(time.RFC3339))
	for _, e := range c.Entries {
		fmt.Fprintf(&b, "- %s: %s\n", e.Name, e.About)
	}
	b.WriteString("\nNot in it:\n")
	for _, left := range c.LeftOut {
		fmt.Fprintf(&b, "- %s\n", left)
	}
	if len(c.Unread) > 0 {
		b.WriteString("\nNot found out:\n")
		for _, unread := range c.Unread {
			fmt.Fprintf(&b, "- %s\n", strings.ReplaceAll(unread, "\n", "\n  "))
		}
	}
	return b.String()
}
