package loader

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"aead.dev/minisign"
	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// ReadSecretKey reads a secret key of minisign from the file at path. If it is encrypted,
// password is called once.
func ReadSecretKey(path string, password func() (string, error)) (key minisign.PrivateKey, err error) {
	text, err := readShort(path)
	if err != nil {
		return key, preflight.Reason(err)
	}
	if !minisign.IsEncrypted(text) {
		if err := key.UnmarshalText(text); err != nil {
			return key, fmt.Errorf("is not a minisign secret key: %w", err)
		}
		return key, nil
	}
	word, err := password()
	if err != nil {
		return key, err
	}
	if key, err = minisign.DecryptKey(word, text); err != nil {
		return key, errors.New("the password is wrong, or the file is damaged")
	}
	return key, nil
}

// Sign signs the content of file in minisign's pre-hashed form, with at as the time in its
// comment. text is the content for the file s.File, which Sign doesn't write.
func Sign(file string, key minisign.PrivateKey, at time.Time) (s Signature, text []byte, err error) {
	source, err := openSigned(file)
	if err != nil {
		return s, nil, err
	}
	defer source.Close()
	content := minisign.NewReader(source)
	if _, err := io.Copy(io.Discard, content); err != nil {
		return s, nil, fmt.Errorf("reading the file: %w", err)
	}
	s = Signature{
		File: file + SignatureEnding, KeyID: KeyID(key.ID()),
		Comment: fmt.Sprintf("timestamp:%d\tfile:%s\thashed", at.Unix(), filepath.Base(file)),
	}
	return s, content.SignWithComments(key, s.Comment, "signature of the key "+s.KeyID), nil
}
