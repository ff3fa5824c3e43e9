package main

import (
	"fmt"
	"os"
	"path/filepath"

	"aead.dev/minisign"
)

const signed = ".minisig"

// sign writes the signature of each file beside it.
func sign(key string, files []string) error {
	text, err := os.ReadFile(key)
	if err != nil {
		return err
	}
	var secret minisign.PrivateKey
	if minisign.IsEncrypted(text) {
		secret, err = minisign.DecryptKey(os.Getenv("OTAI_SIGN_PASSWORD"), text)
	} else {
		err = secret.UnmarshalText(text)
	}
	if err != nil {
		return fmt.Errorf("the key %s: %w; its password is taken from OTAI_SIGN_PASSWORD", key, err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		// The name is signed, too, so that no older release passes for this one.
		signature := minisign.SignWithComments(secret, content, "file:"+filepath.Base(name), "signature of a release of otai")
		if err := os.WriteFile(name+signed, signature, 0o644); err != nil {
			return err
		}
		fmt.Println(name + signed)
	}
	return nil
}

// verify checks the signatures beside files.
func verify(public string, files []string) error {
	key, err := minisign.PublicKeyFromFile(public)
	if err != nil {
		return err
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(name + signed)
		if err != nil {
			return err
		}
		var signature minisign.Signature
		if err := signature.UnmarshalText(text); err != nil {
			return fmt.Errorf("%s: %w", name+signed, err)
		}
		if !minisign.Verify(key, content, text) || signature.TrustedComment != "file:"+filepath.Base(name) {
			return fmt.Errorf("%s is not what was signed", name)
		}
	}
	return nil
}
