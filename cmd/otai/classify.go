package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
)

func (c *command) newClassify() *cobra.Command {
	var o app.ClassifyOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "classify [TEXT…|-]",
		Short: "Try a model: one line per text",
		Long: `Labels texts by a model, without a configuration. Each argument is a text; "-", or
no argument, reads one text a line from standard input. A model that is not on this
machine is downloaded first.`,
		Example: `  otai classify --model examples/demo/models/queue "My printer is out of toner"
  otai classify --model examples/demo/models/queue --json - < subjects.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var readErr error
			texts := func(yield func(string) bool) { readErr = eachText(args, cmd.InOrStdin(), yield) }
			encoder := json.NewEncoder(cmd.OutOrStdout())
			encoder.SetEscapeHTML(false)
			progress := newDownload(cmd.ErrOrStderr())
			o.Progress = progress.step
			err := app.Classify(cmd.Context(), c.settings, o, texts, func(l app.Labelled) error {
				progress.end()
				if asJSON {
					return encoder.Encode(l)
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\t%.1f %%\t%s\n", l.Label, l.Confidence*100, oneLine.Replace(l.Text))
				return err
			})
			progress.end()
			if err != nil {
				return err
			}
			if readErr != nil {
				return &app.Fault{Code: app.CodeRun, Err: fmt.Errorf("reading the texts: %w", readErr)}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&o.Model, "model", "", "name of a model at HuggingFace, ORG/NAME[@REVISION], or its folder")
	cmd.Flags().StringVar(&o.Use, "use", app.ClassifierUse, "the classification service")
	cmd.Flags().UintVar(&o.TopK, "top-k", 0, "how many of the best labels the scores of --json have; 0 is all of them")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON, one object a line")
	_ = cmd.MarkFlagRequired("model")
	_ = cmd.RegisterFlagCompletionFunc("model", c.completeModels(&o.Use))
	return cmd
}

// oneLine keeps a text with several lines in its row of the answer.
var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ")

// longestText bounds a line of standard input.
const longestText = 16 << 20

func eachText(args []string, stdin io.Reader, yield func(string) bool) error {
	if len(args) == 0 {
		args = []string{"-"}
	}
	for _, arg := range args {
		if arg != "-" {
			if !yield(arg) {
				return nil
			}
			continue
		}
		lines := bufio.NewScanner(stdin)
		lines.Buffer(nil, longestText)
		for lines.Scan() {
			if !yield(lines.Text()) {
				return nil
			}
		}
		switch err := lines.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			return fmt.Errorf("a line is longer than %d MiB", longestText>>20)
		case err != nil:
			return err
		}
	}
	return nil
}
