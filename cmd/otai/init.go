package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/begin"
	"github.com/open-ticket-ai/otai/internal/app/diagnose"
)

func (c *command) newInit() *cobra.Command {
	var o begin.Options
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first, harmless configuration for a help desk",
		Long: `Asks for what the flags don't say, at most six answers, looks at the help desk without
changing anything, and writes config.yml and a file .env with the password. The
configuration suggests: otai leaves an internal note at each new ticket that says where it
belongs, and moves nothing until you set apply_from in it.

The password is taken from the variable OTAI_OTOBO_ZNUNY_PASSWORD, else it is asked for;
there is no flag for it. Without a terminal nothing is asked, and only labels of the model
that have the name of a queue, upper and lower case aside, are mapped, as with --yes; give
the others with --map.

Exit code 0: the files are written; 1: the help desk can't be used (then nothing is
written), or the agent lacks a right (then the files are written, and the commands that
grant it are shown); 2: a flag is wrong or missing, or there is a config.yml or .env.`,
		Example: `  otai init
  otai init --demo                a model to try with, if you have none yet
  otai init --url https://desk.example.org/otobo/ --queue Incoming \
            --model ./model --map vpn=IT::Network --yes`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.ErrOrStderr()
			o.Say = func(format string, args ...any) { show(out, format, args...) }
			o.Show = func(f diagnose.Diagnostic) { showDiagnostic(out, f) }
			o.Working = newWorking(out)
			download := newDownload(out)
			o.Progress = download.step
			if asked := newAsker(c.settings.Stdin, out); asked != nil {
				o.Ask = asked.ask
				defer asked.end()
			}
			result, err := begin.Run(cmd.Context(), c.settings, o)
			download.end()
			if !result.Written {
				return err
			}
			if writing := showBegun(cmd, result); writing != nil {
				return writing
			}
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags := cmd.Flags()
	flags.StringVar(&o.URL, "url", "", "address of the help desk, as in your browser")
	flags.StringVar(&o.User, "user", "", "login of the agent that otai works as (default open_ticket_ai)")
	flags.StringVar(&o.WebService, "webservice", "", "name of the web service in the help desk (default OpenTicketAI)")
	flags.StringVar(&o.CA, "ca", "", "PEM file with the certificate that issued the help desk's")
	flags.StringArrayVar(&o.Queues, "queue", nil, "queue that receives new tickets, may be repeated")
	flags.StringArrayVar(&o.Map, "map", nil, "LABEL=QUEUE: where tickets with this label of the model belong, may be repeated")
	flags.StringVar(&o.Model, "model", "", "folder of a model, or its name at HuggingFace")
	flags.BoolVar(&o.Demo, "demo", false, "use the demonstration's model, a small one trained for ten made-up queues")
	flags.StringVarP(&o.Dir, "output", "o", "", "folder for config.yml and .env (default: this one)")
	flags.BoolVar(&o.Yes, "yes", false, "map only labels that have the name of a queue, and don't ask about the others")
	flags.BoolVar(&o.Insecure, "insecure", false, "allow http:// to another machine, which shows the password to the network")
	_ = cmd.MarkFlagFilename("ca", "pem", "crt")
	_ = cmd.MarkFlagDirname("model")
	_ = cmd.MarkFlagDirname("output")
	for _, name := range []string{"url", "user", "webservice", "queue", "map"} {
		complete(cmd, name)
	}
	cmd.MarkFlagsMutuallyExclusive("model", "demo")
	return cmd
}

// showBegun says what was written and how to go on.
func showBegun(cmd *cobra.Command, r begin.Result) error {
	flag := ""
	if r.Config != "" {
		flag = " -c " + shellWord(r.Config)
	}
	_, err := show(cmd.OutOrStdout(), `%s and .env are written. Nothing in the help desk was changed.
Next:
  otai try --last 50%s
  otai run%s
`, filepath.Join(r.Dir, "config.yml"), flag, flag)
	return err
}

// shellWord is a text as a shell reads it as one word.
func shellWord(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./"
	if text != "" && strings.Trim(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
