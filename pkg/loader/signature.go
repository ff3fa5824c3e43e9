package loader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"aead.dev/minisign"
)

// Keys are public keys of minisign whose owners are trusted.
type Keys []minisign.PublicKey

// SignatureEnding is added to a file's name to name that of its signature.
const SignatureEnding = ".minisig"

// A signature has about 300 bytes; comments may be longer.
const maxSignature = 16 << 10

// ReadKeys reads public keys, each given as the text of a key (the line of
// base64, with or without its comment) or as the path of a file that holds one.
func ReadKeys(given []string) (Keys, error) {
	var keys Keys
	for _, text := range given {
		var key minisign.PublicKey
		if key.UnmarshalText([]byte(strings.TrimSpace(text))) == nil {
			keys = append(keys, key)
			continue
		}
		content, err := readShort(text)
		if err != nil {
			return nil, fmt.Errorf("the trusted key %q is neither the text of a minisign public key nor a file that can be read: %w", text, cause(err))
		}
		if err := key.UnmarshalText([]byte(strings.TrimSpace(string(content)))); err != nil {
			return nil, fmt.Errorf("the file %s holds no minisign public key: %w; give the .pub file, not the secret key", text, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// SignatureError says why a file's signature does not count.
type SignatureError struct {
	Code  Code // CodeUnsigned or CodeSignatureInvalid
	Cause string
	Fix   string
}

func (e *SignatureError) Error() string { return e.Cause }

// VerifySignature tells whether the signature in the file signature was made for
// the content of file by the owner of one of the keys. "" stands for the file's
// path with [SignatureEnding]. An error that is a verdict on the signature is a
// [*SignatureError].
func VerifySignature(file, signature string, keys Keys) error {
	if signature == "" {
		signature = file + SignatureEnding
	}
	text, err := readShort(signature)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &SignatureError{
			Code: CodeUnsigned, Cause: "has no signature: there is no " + signature,
			Fix: "put the maker's signature there, or sign the file with: otai plugin sign " + quoted(strings.TrimSuffix(signature, SignatureEnding)),
		}
	case err != nil:
		return &SignatureError{Code: CodeSignatureInvalid, Cause: fmt.Sprintf("its signature %s can't be read: %v", signature, cause(err)), Fix: "check that file and its permissions"}
	}
	var parsed minisign.Signature
	if err := parsed.UnmarshalText(text); err != nil {
		return &SignatureError{Code: CodeSignatureInvalid, Cause: signature + " holds no signature of minisign", Fix: "get the signature again, or sign the file again"}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("verify the signature: %w", err)
	}
	known := false
	for _, key := range keys {
		if minisign.Verify(key, content, text) {
			return nil
		}
		known = known || key.ID() == parsed.KeyID
	}
	if known {
		return &SignatureError{
			Code: CodeSignatureInvalid, Cause: fmt.Sprintf("%s does not belong to this file: one of the two was changed after signing", signature),
			Fix: "get file and signature again from the maker; don't use this file",
		}
	}
	return &SignatureError{
		Code: CodeSignatureInvalid, Cause: fmt.Sprintf("it was signed with key %016X, which is none of the %d trusted keys", parsed.KeyID, len(keys)),
		Fix: "if you trust the maker, add that public key to the configuration's trusted_keys",
	}
}

// readShort reads a file that must be small and must not block.
func readShort(path string) ([]byte, error) {
	file, err := openPlain(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxSignature+1))
	if err == nil && len(content) > maxSignature {
		err = fmt.Errorf("it is longer than %d bytes", maxSignature)
	}
	return content, err
}
