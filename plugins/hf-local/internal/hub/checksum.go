package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"regexp"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// checksum is what the name of a blob can be: the SHA-256 of a file that is kept
// by Git LFS, or the SHA-1 that git gives a blob.
var checksum = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

func isChecksum(etag string) bool { return checksum.MatchString(etag) }

// checksumOf computes what the file at path would have for its etag, in the form
// that etag has.
func checksumOf(ctx context.Context, path, etag string, progress func(done int64)) (string, error) {
	file, size, err := modelfile.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var h hash.Hash
	if len(etag) == 2*sha256.Size {
		h = sha256.New()
	} else {
		// Git hashes a header before the content (git-hash-object(1)).
		h = sha1.New()
		fmt.Fprintf(h, "blob %d\x00", size)
	}
	buffer := make([]byte, 1<<20)
	for done := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := file.Read(buffer)
		h.Write(buffer[:n])
		done += int64(n)
		if progress != nil {
			progress(done)
		}
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}
