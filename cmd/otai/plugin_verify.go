package main

import (
	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newPluginVerify() *cobra.Command {
	var key string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify FILE [--key KEY]",
		Short: "Check the signature of a plugin file",
		Long: `Checks FILE.minisig against a minisign public key, which is given itself or as its
file; without --key, against the trusted_keys of the configuration. Exit code 3 means
that the file is not signed, or not by that key, or was changed since.`,
		Example: `  otai plugin verify otai_words.so --key release.pub
  otai plugin verify otai_words.so -c config.yml`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := plugins.Verify(cmd.Context(), c.settings, args[0], key)
			out := cmd.OutOrStdout()
			switch {
			case err != nil && s.File == "":
				return answerError(out, asJSON, err)
			case asJSON:
				return answered(err, writeJSON(out, s))
			case err != nil:
				return err
			}
			_, err = show(out, "%s: signed by the key %s (%s)\n", args[0], s.KeyID, s.Comment)
			return err
		},
		ValidArgsFunction: filesNamed("so"),
	}
	cmd.Flags().StringVar(&key, "key", "", "the public key, or its file (default: the configuration's trusted_keys)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	c.configFlag(cmd)
	_ = cmd.MarkFlagFilename("key", "pub")
	return cmd
}
