package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newPluginSign() *cobra.Command {
	var key, generate string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "sign FILE --key KEYFILE | --generate PREFIX",
		Short: "Sign a plugin file, or make a pair of keys",
		Long: `Writes FILE.minisig, a minisign signature. With --generate it makes a new pair of
keys instead: PREFIX.key, to be kept secret, and PREFIX.pub, for those who are to
trust it. The password of a secret key is asked for on a terminal, or taken from
OTAI_SIGN_PASSWORD; a new key without one is not encrypted.`,
		Example: `  otai plugin sign --generate release
  otai plugin sign otai_words.so --key release.key`,
		Args: func(cmd *cobra.Command, args []string) error {
			if generate != "" {
				return arguments(0, 0)(cmd, args)
			}
			return arguments(1, 1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if generate != "" {
				pair, err := plugins.GenerateKeys(generate, askPassword)
				return showSigned(cmd.OutOrStdout(), asJSON, pair, err, keysText(pair))
			}
			s, err := plugins.Sign(args[0], key, askPassword)
			return showSigned(cmd.OutOrStdout(), asJSON, s, err, fmt.Sprintf("%s: signed by the key %s\n", s.Signature, s.KeyID))
		},
		ValidArgsFunction: filesNamed("so"),
	}
	cmd.Flags().StringVar(&key, "key", "", "file of the secret key")
	cmd.Flags().StringVar(&generate, "generate", "", "make the keys PREFIX.key and PREFIX.pub")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	cmd.MarkFlagsOneRequired("key", "generate")
	cmd.MarkFlagsMutuallyExclusive("key", "generate")
	_ = cmd.MarkFlagFilename("key", "key")
	return cmd
}

func showSigned(out io.Writer, asJSON bool, answer any, err error, text string) error {
	switch {
	case err != nil:
		return answerError(out, asJSON, err)
	case asJSON:
		return writeJSON(out, answer)
	}
	_, err = io.WriteString(out, text)
	return err
}

func keysText(pair plugins.KeyPair) string {
	lock := "not encrypted: nobody else may read it"
	if pair.Encrypted {
		lock = "encrypted by the password"
	}
	return fmt.Sprintf("Key %s\n  %s  secret, %s\n  %s  public: %s\n", pair.ID, pair.Secret, lock, pair.Public, pair.Text)
}

// askPassword takes the variable, else asks on a terminal. Without either there is
// no password: an encrypted key then doesn't open.
func askPassword(prompt string) (string, error) {
	if password, ok := os.LookupEnv("OTAI_SIGN_PASSWORD"); ok {
		return password, nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", nil
	}
	fmt.Fprint(os.Stderr, prompt)
	password, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return "", errors.New("no password was read; set OTAI_SIGN_PASSWORD or use a terminal")
	}
	return string(password), nil
}
