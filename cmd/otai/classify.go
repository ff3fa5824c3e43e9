package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/models"
	"github.com/open-ticket-ai/otai/internal/app/visible"
)

func (c *command) newClassify() *cobra.Command {
	var o models.ClassifyOptions
	var in models.ClassifyInput
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "classify [TEXT…|-] | --file FILE…",
		Short: "Try a model on texts, files, mails and tables",
		Long: `Labels texts by a model, without a configuration. Each argument is a text; "-", or
no argument, reads one text a line from standard input. A model that is not on this
machine is downloaded first.

With --file, each file is one text; of a mail, its subject and the text of its body.
With --column, each row of a file is one: of CSV (separated by comma, semicolon, tab or
bar) or JSON (an object a line, or an array of objects). Several columns are joined by a
blank. A file, row or line that can't be read or is empty is named, and the others go on;
the exit code is then 1.`,
		Example: `  otai classify --model examples/demo/models/queue "My printer is out of toner"
  otai classify --model examples/demo/models/queue --json - < subjects.txt
  otai classify --model examples/demo/models/queue --file mails/*.eml
  otai classify --model examples/demo/models/queue --file tickets.csv \
      --column subject --column body --json > labels.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Texts = args
			if len(in.Files) > 0 {
				in.Files, in.Texts = append(in.Files, args...), nil
			}
			if c.settings.Worker == nil {
				return c.answering(cmd, in.ReadsStdin(), asJSON)
			}
			answer := classified{
				out: cmd.OutOrStdout(), log: cmd.ErrOrStderr(), json: asJSON, places: len(in.Files) > 0 || len(in.Columns) > 0,
				download: newDownload(cmd.ErrOrStderr()), reading: newTransfer(cmd.ErrOrStderr(), "classifying"),
			}
			// Where the answers are on the same terminal, they show it.
			answer.reading.live.inPlace = answer.reading.live.inPlace && !isTerminal(cmd.OutOrStdout())
			o.Progress, in.Progress = answer.download.step, answer.reading.step
			defer answer.clear()
			return models.Classify(cmd.Context(), c.settings, o, in, models.ClassifyAnswer{Labeled: answer.labeled, Unread: answer.unread})
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			if len(in.Files) > 0 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Model, "model", "", "name of a model at HuggingFace, ORG/NAME[@REVISION], or its folder")
	flags.StringVar(&o.Use, "use", models.DefaultClassifier, "the classification service")
	flags.UintVar(&o.TopK, "top-k", 0, "how many of the best labels the scores of --json have; 0 is all of them")
	flags.StringArrayVarP(&in.Files, "file", "f", nil, "file with a text; the arguments are files then, too, and - is standard input as one text")
	flags.StringArrayVar(&in.Columns, "column", nil, "column of a table that has the text, may be repeated; in JSON also a path such as ticket.body")
	flags.StringVar(&in.Format, "format", "auto", "what files are: "+strings.Join(models.ClassifyFormats, ", "))
	flags.StringVar(&in.Encoding, "encoding", "", "what files are written in, such as windows-1252 (default: UTF-8, or what a byte order mark says)")
	flags.BoolVarP(&in.NUL, "null", "0", false, "texts on standard input end with a zero byte, not with their line")
	flags.BoolVar(&asJSON, "json", false, "answer as JSON, one object a line")
	_ = cmd.MarkFlagRequired("model")
	_ = cmd.RegisterFlagCompletionFunc("model", c.completeModels(&o.Use))
	complete(cmd, "format", models.ClassifyFormats...)
	complete(cmd, "encoding", "utf-8", "utf-16le", "windows-1252", "iso-8859-15")
	_ = cmd.RegisterFlagCompletionFunc("column", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		if err := c.complete(cmd); err != nil || len(in.Files) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return models.ColumnsOf(cmd.Context(), c.settings, in), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// classified shows the answers as they come.
type classified struct {
	out, log          io.Writer
	json              bool
	places            bool // say where each text is
	download, reading *transfer
}

func (c *classified) labeled(l models.Labeled) error {
	c.download.end()
	switch text := oneLine.Replace(l.Text); {
	case c.json:
		return c.writeJSON(l)
	case c.places:
		_, err := show(c.out, "%s\t%s\t%s\t%s\n", l.Label, percent(l.Confidence), l.Place, shorten(visible.Line(text), 60))
		return err
	default:
		_, err := show(c.out, "%s\t%s\t%s\n", l.Label, percent(l.Confidence), text)
		return err
	}
}

func (c *classified) unread(u models.Unread) error {
	if c.json {
		return c.writeJSON(u)
	}
	c.clear()
	show(c.log, "%s: %s\n", u.Place, u.Error)
	return nil
}

func (c *classified) writeJSON(v any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func (c *classified) clear() {
	c.download.end()
	c.reading.end()
}

// percent writes a confidence. That of a model for regression is any number.
func percent(confidence float64) string {
	if confidence < 0 || confidence > 1 {
		return strconv.FormatFloat(confidence, 'g', 4, 64)
	}
	return fmt.Sprintf("%.1f %%", confidence*100)
}

// oneLine keeps a text with several lines in its row of the answer.
var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ")
