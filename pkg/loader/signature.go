package loader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aead.dev/minisign"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
	"github.com/open-ticket-ai/otai/pkg/loader/trust"
)

// Keys are the public minisign keys whose owners are trusted. [ReadKeys] reads them.
type Keys []minisign.PublicKey

// SignatureEnding is what the name of a signature's file has after the name of the file
// that it signs.
const SignatureEnding = ".minisig"

// A signature has about 300 bytes; comments may be longer.
const maxSignature = 16 << 10

// ReadKeys reads public keys. Each of given is the text of a key (the line of base64, with
// or without its comment) or the path of a file that contains one. Such a file decides
// what runs, so it is checked as [CheckPath] does; trustGroup is that of [Options].
func ReadKeys(given []string, trustGroup bool) (Keys, error) {
	var keys Keys
	for _, text := range given {
		var key minisign.PublicKey
		if key.UnmarshalText([]byte(strings.TrimSpace(text))) == nil {
			keys = append(keys, key)
			continue
		}
		content, err := readTrusted(text, trust.Of(trustGroup))
		if d := (*violationError)(nil); errors.As(err, &d) {
			return nil, fmt.Errorf("the trusted key in %s could be replaced: %s; %s", text, d.Cause, d.Fix)
		}
		if err != nil {
			return nil, fmt.Errorf("the trusted key %q is neither the text of a minisign public key nor a file that can be read: %w", text, preflight.Reason(err))
		}
		if err := key.UnmarshalText([]byte(strings.TrimSpace(string(content)))); err != nil {
			return nil, fmt.Errorf("the file %s holds no minisign public key: %w; give the .pub file, not the secret key", text, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Signature is a signature that holds.
type Signature struct {
	File    string // path of its file
	KeyID   string // the id of the key that made it, as [KeyID] writes it
	Comment string // the trusted comment, which is signed, too
}

// SignatureError says why a file has no valid signature.
type SignatureError struct {
	Code  Code   // CodeUnsigned or CodeSignatureInvalid
	Cause string // what is wrong
	Fix   string // what to do about it
}

func (e *SignatureError) Error() string { return e.Cause }

// VerifySignature checks that the signature in the file at path signature was made for the
// content of file with one of keys, and returns it. If signature is "", it is the path of
// file with [SignatureEnding]. A missing or invalid signature is a [*SignatureError];
// other errors are those of reading the files.
func VerifySignature(file, signature string, keys Keys) (Signature, error) {
	if signature == "" {
		signature = file + SignatureEnding
	}
	content, err := readSigned(file)
	if err != nil {
		return Signature{}, fmt.Errorf("verify the signature: %w", err)
	}
	text, err := readShort(signature)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return rejectSignature(CodeUnsigned, "put the maker's signature there, or sign the file with: otai plugin sign "+trust.Quoted(strings.TrimSuffix(signature, SignatureEnding))+" --key KEYFILE",
			"is not signed: there is no %s", signature)
	case err != nil:
		return rejectSignature(CodeSignatureInvalid, "check that file and its permissions", "its signature %s can't be read: %v", signature, preflight.Reason(err))
	}
	return verifyText(content, signature, text, keys)
}

func rejectSignature(code Code, fix, format string, args ...any) (Signature, error) {
	return Signature{}, &SignatureError{Code: code, Cause: fmt.Sprintf(format, args...), Fix: fix}
}

// verifyText checks the text that the file at path signature has, or had.
func verifyText(content []byte, signature string, text []byte, keys Keys) (Signature, error) {
	var parsed minisign.Signature
	if err := parsed.UnmarshalText(text); err != nil {
		return rejectSignature(CodeSignatureInvalid, "get the signature again, or sign the file again", "%s holds no signature of minisign", signature)
	}
	found := Signature{File: signature, KeyID: KeyID(parsed.KeyID), Comment: parsed.TrustedComment}
	ids := make([]string, len(keys))
	for n, key := range keys {
		if minisign.Verify(key, content, text) {
			return found, nil
		}
		ids[n] = KeyID(key.ID())
	}
	if slices.Contains(ids, found.KeyID) {
		return rejectSignature(CodeSignatureInvalid, "get file and signature again from the maker; don't use this file",
			"the signature %s by the key %s does not hold: it or the file was changed after signing", signature, found.KeyID)
	}
	return rejectSignature(CodeSignatureInvalid, "if you trust the maker, add that public key to the configuration's trusted_keys",
		"it was signed by the key %s, not by %s", found.KeyID, strings.Join(ids, " or "))
}

// KeyID returns the id of a key as minisign shows it, in 16 hexadecimal digits.
func KeyID(id uint64) string { return fmt.Sprintf("%016X", id) }

// violationError is a doubt that ends the reading of a file.
type violationError struct{ *trust.Violation }

func (e *violationError) Error() string { return e.Cause }

// readTrusted reads a small file that nobody else may be able to change.
func readTrusted(path string, t trust.Rule) ([]byte, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	real, d, err := t.Resolve(path)
	if err != nil {
		return nil, err
	}
	if d != nil {
		return nil, &violationError{d}
	}
	file, err := preflight.Open(real)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if d, err = t.Opened(real, file); err != nil {
		return nil, err
	}
	if d != nil {
		return nil, &violationError{d}
	}
	return readLimited(file)
}

// readShort reads a file that must be small and must not block.
func readShort(path string) ([]byte, error) {
	file, err := preflight.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readLimited(file)
}

func readLimited(file io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(file, maxSignature+1))
	if err == nil && len(content) > maxSignature {
		err = fmt.Errorf("it is longer than %d bytes", maxSignature)
	}
	return content, err
}

// openSigned opens the file that a signature is about.
func openSigned(path string) (*os.File, error) {
	file, err := preflight.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%s is a %s, not a regular file", path, kind(info.Mode()))
	case info.Size() > preflight.MaxSize:
		err = fmt.Errorf("%s has %d bytes, and no plugin has more than %d", path, info.Size(), preflight.MaxSize)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func readSigned(path string) ([]byte, error) {
	file, err := openSigned(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}
