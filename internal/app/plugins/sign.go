package plugins

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"aead.dev/minisign"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/pkg/loader"
)

// Password asks for a password, or says that nobody can be asked.
type Password func(prompt string) (string, error)

// KeyPair is a new pair of minisign keys; its JSON form is stable.
type KeyPair struct {
	ID        string `json:"key_id"`
	Secret    string `json:"secret_key_file"`
	Public    string `json:"public_key_file"`
	Text      string `json:"public_key"` // as a configuration takes it
	Encrypted bool   `json:"encrypted"`  // the secret key needs a password
}

// Signature is a signature, made or checked; its JSON form is stable.
type Signature struct {
	File      string `json:"file"`
	OK        bool   `json:"ok"`
	Signature string `json:"signature"` // file
	KeyID     string `json:"key_id"`
	Comment   string `json:"comment"` // signed with the content
	Code      string `json:"code"`    // of a signature that is not accepted
	Error     string `json:"error"`
	Fix       string `json:"fix"`
}

// GenerateKeys writes PREFIX.key, encrypted if the password is not empty, and
// PREFIX.pub. Neither file may exist.
func GenerateKeys(prefix string, ask Password) (KeyPair, error) {
	pair := KeyPair{Secret: prefix + ".key", Public: prefix + ".pub"}
	for _, file := range []string{pair.Secret, pair.Public} {
		if _, err := os.Lstat(file); err == nil {
			return KeyPair{}, app.ExitWith(app.CodeUsage, fmt.Errorf("%s exists, and a key can't be had again once it is overwritten; choose another prefix", file))
		}
	}
	password, err := ask("New password for " + pair.Secret + " (empty: none): ")
	if err != nil {
		return KeyPair{}, app.ExitWith(app.CodeRun, err)
	}
	public, secret, err := minisign.GenerateKey(nil)
	if err != nil {
		return KeyPair{}, app.ExitWith(app.CodeRun, fmt.Errorf("making a key: %w", err))
	}
	pair.ID, pair.Text, pair.Encrypted = loader.KeyID(secret.ID()), public.String(), password != ""
	secretText, err := secret.MarshalText()
	if pair.Encrypted {
		secretText, err = minisign.EncryptKey(password, secret)
	}
	if err != nil {
		return KeyPair{}, app.ExitWith(app.CodeRun, fmt.Errorf("writing the secret key: %w", err))
	}
	publicText, err := public.MarshalText()
	if err != nil {
		return KeyPair{}, app.ExitWith(app.CodeRun, fmt.Errorf("writing the public key: %w", err))
	}
	if err := files.WriteNew(pair.Secret, append(secretText, '\n'), 0o600); err != nil {
		return KeyPair{}, app.ExitWith(app.CodeRun, fmt.Errorf("writing the secret key: %w", err))
	}
	if err := files.WriteNew(pair.Public, append(publicText, '\n'), 0o644); err != nil {
		return KeyPair{}, app.ExitWith(app.CodeRun, errors.Join(fmt.Errorf("writing the public key: %w", err), os.Remove(pair.Secret)))
	}
	return pair, nil
}

// Sign writes FILE.minisig.
func Sign(file, keyFile string, ask Password) (Signature, error) {
	secret, err := loader.ReadSecretKey(keyFile, func() (string, error) { return ask("Password for " + keyFile + ": ") })
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; make a pair of keys with: otai plugin sign --generate PREFIX", err)
	}
	if err != nil {
		return Signature{}, app.ExitWith(app.CodeUsage, fmt.Errorf("the secret key %s: %w", keyFile, err))
	}
	s, text, err := loader.Sign(file, secret, time.Now())
	if err != nil {
		return Signature{}, app.ExitWith(app.CodeRun, err)
	}
	if err := files.Replace(s.File, text, 0o644, file, keyFile); err != nil {
		return Signature{}, app.ExitWith(app.CodeRun, fmt.Errorf("writing the signature: %w", err))
	}
	return signatureOf(file, s), nil
}

func signatureOf(file string, s loader.Signature) Signature {
	return Signature{File: file, OK: true, Signature: s.File, KeyID: s.KeyID, Comment: s.Comment}
}

// Verify checks FILE.minisig. key is a public key, or the file of one; "" is
// any of the trusted_keys of the configuration. The error of a signature that
// is not valid has the code of a refused plugin, and the answer says the same.
func Verify(ctx context.Context, s app.Settings, file, key string) (Signature, error) {
	trusted := []string{key}
	if key == "" {
		var err error
		if trusted, err = trustedKeys(ctx, s); err != nil {
			return Signature{}, err
		}
	}
	trustGroup, err := s.TrustGroup()
	if err != nil {
		return Signature{}, app.ExitWith(app.CodeUsage, err)
	}
	keys, err := loader.ReadKeys(trusted, trustGroup)
	if err != nil {
		return Signature{}, app.ExitWith(app.CodeUsage, err)
	}
	found, err := loader.VerifySignature(file, "", keys)
	if invalid := (*loader.SignatureError)(nil); errors.As(err, &invalid) {
		rejected := Signature{File: file, Signature: file + loader.SignatureEnding, Code: string(invalid.Code), Error: invalid.Cause, Fix: invalid.Fix}
		return rejected, app.ExitWith(app.CodePlugins, fmt.Errorf("%s: %w; %s", file, invalid, invalid.Fix))
	}
	if err != nil {
		return Signature{}, app.ExitWith(app.CodeRun, err)
	}
	return signatureOf(file, found), nil
}

// trustedKeys are those of the configuration.
func trustedKeys(ctx context.Context, s app.Settings) ([]string, error) {
	d, err := s.RequireDocument(ctx)
	if err != nil && !errors.As(err, new(*app.DiagnosticsError)) {
		return nil, fmt.Errorf("no --key was given, so trusted_keys would count: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if len(d.TrustedKeys) == 0 {
		return nil, app.ExitWith(app.CodeUsage, errors.New("the configuration has no trusted_keys; name a public key with --key"))
	}
	return d.TrustedKeys, nil
}
