package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/models"
	"github.com/open-ticket-ai/otai/internal/counted"
)

func (c *command) newModel() *cobra.Command {
	return group(&cobra.Command{
		Use:   "model",
		Short: "Download, list and check the models on this machine",
		Long: `Keeps the models on this machine. They are in HuggingFace's own cache, so what
Python has downloaded is there too, and the other way round. HF_HOME, HF_HUB_CACHE,
HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE count as they do for huggingface_hub.`,
	}, c.newModelPull(), c.newModelList(), c.newModelVerify())
}

// modelFlags are those of all commands about models.
func (c *command) modelFlags(cmd *cobra.Command, use *string, asJSON *bool) {
	cmd.Flags().StringVar(use, "use", models.DefaultClassifier, "the service that keeps the models; with -c also the id of one")
	cmd.Flags().StringArrayVarP(&c.settings.ConfigFiles, "config", "c", nil, "configuration whose service is used, with its cache folder, token and model (default: a service without params)")
	_ = cmd.MarkFlagFilename("config", "yml", "yaml")
	cmd.Flags().BoolVar(asJSON, "json", false, "answer as JSON")
}

func (c *command) newModelPull() *cobra.Command {
	var use string
	var asJSON, repair bool
	cmd := &cobra.Command{
		Use:   "pull NAME[@REVISION]…",
		Short: "Download models, or what is newer of them",
		Long: `Downloads what a classifier needs of each model, from where an interrupted download
got to, and checks it against its checksum. A revision is a branch, a tag or a
commit. A model that is in use stays as it is until the new one is complete. With -c
and without NAME, the model of the configured service is downloaded.`,
		Example: `  otai model pull softoft/otai-queue-de-bert-v1
  otai model pull softoft/otai-queue-de-bert-v1@v1.0 --repair
  otai model pull -c config.yml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && len(c.settings.ConfigFiles) == 0 {
				return errors.New("which model? Name one as ORG/NAME, or give a configuration with -c")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.settings.Worker == nil {
				return c.answering(cmd, false, asJSON)
			}
			if len(args) == 0 {
				args = []string{""} // the service's own
			}
			progress := newDownload(cmd.ErrOrStderr())
			pulled, err := models.Pull(cmd.Context(), c.settings, use, args, repair, progress.step)
			progress.end()
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), pulled)
			}
			for _, m := range pulled {
				if _, err := show(cmd.OutOrStdout(), "%s is here: %s, %s\n", m.Name, megabytes(m.Bytes), m.Folder); err != nil {
					return err
				}
				if !m.Classifier {
					show(cmd.ErrOrStderr(), "%s can't label texts: its architecture is %s, and a classifier's ends with ForSequenceClassification\n", m.Name, orNone(m.Architecture))
				}
			}
			return nil
		},
		ValidArgsFunction: c.completeModels(&use),
	}
	c.modelFlags(cmd, &use, &asJSON)
	cmd.Flags().BoolVar(&repair, "repair", false, "check what is here, and download again what is damaged")
	return cmd
}

func (c *command) newModelList() *cobra.Command {
	var use string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the models on this machine",
		Example: `  otai model list
  otai model list --json`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.settings.Worker == nil {
				return c.answering(cmd, false, asJSON)
			}
			models, folder, err := models.List(cmd.Context(), c.settings, use)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), models)
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			showModels(out, models, folder)
			return out.Flush()
		},
	}
	c.modelFlags(cmd, &use, &asJSON)
	return cmd
}

func showModels(out *bufio.Writer, models []models.Model, folder string) {
	if len(models) == 0 {
		show(out, "There are no models in %s. Get one with: otai model pull ORG/NAME\n", folder)
		return
	}
	table := newTable(out)
	fmt.Fprintln(table, "MODEL\tREVISION\tSIZE\tARCHITECTURE\tSTATE")
	for _, m := range models {
		revision := strings.Join(m.Revisions, ", ")
		if revision == "" {
			revision = m.Commit[:min(len(m.Commit), 12)]
		}
		state := "ready"
		switch {
		case !m.Complete:
			state = "incomplete: " + strings.Join(m.Missing, ", ")
		case !m.Classifier:
			state = "no text classifier"
		}
		show(table, "%s\t%s\t%s\t%s\t%s\n", m.Name, revision, megabytes(m.Bytes), orNone(m.Architecture), state)
	}
	table.Flush() // out keeps an error until it is flushed
	show(out, "In %s\n", folder)
}

func (c *command) newModelVerify() *cobra.Command {
	var use string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [NAME|DIR]…",
		Short: "Check models: their files' checksums, and whether they label a text",
		Long: `Computes the checksums of each model's files, loads the model and has it label a
text. Without a name, all classifiers of the cache are checked. The exit code is 1 if
one of them is not in order.`,
		Example: `  otai model verify
  otai model verify examples/demo/models/queue --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if c.settings.Worker == nil {
				return c.answering(cmd, false, asJSON)
			}
			progress := newTransfer(cmd.ErrOrStderr(), "checking")
			checks, err := models.Verify(cmd.Context(), c.settings, use, args, progress.step)
			progress.end()
			if err != nil {
				return err
			}
			if asJSON {
				err = writeJSON(cmd.OutOrStdout(), checks)
			} else {
				out := bufio.NewWriter(cmd.OutOrStdout())
				showModelChecks(out, checks)
				err = out.Flush()
			}
			if err != nil {
				return err
			}
			return quietly(models.Failed(checks))
		},
		ValidArgsFunction: c.completeModels(&use),
	}
	c.modelFlags(cmd, &use, &asJSON)
	return cmd
}

func showModelChecks(out io.Writer, checks []models.Check) {
	if len(checks) == 0 {
		fmt.Fprintln(out, "There are no classifiers in the cache. Get one with: otai model pull ORG/NAME")
	}
	for _, c := range checks {
		checked, wrong := 0, 0
		for _, f := range c.Files {
			switch f.State {
			case "ok":
				checked++
			case "damaged", "missing":
				wrong++
				show(out, "%s: %s is %s\n", c.Name, f.File, f.State)
			}
		}
		switch {
		case c.OK && checked == 0:
			show(out, "%s: it works; nothing says what the checksums should be of its %s\n", c.Name, counted.Of(len(c.Files), "file", "files"))
		case c.OK:
			show(out, "%s: %d of %d files have the right checksum, and it works\n", c.Name, checked, len(c.Files))
		case c.Problem != "" && wrong > 0:
			show(out, "%s: it doesn't work: %s\n", c.Name, lines(c.Problem))
			if checked > 0 {
				show(out, "%s: repair it with: otai model pull %s --repair\n", c.Name, c.Name)
			}
		case c.Problem != "":
			show(out, "%s: its files are complete, but it doesn't work: %s\n", c.Name, lines(c.Problem))
		case checked > 0:
			show(out, "%s: repair it with: otai model pull %s --repair\n", c.Name, c.Name)
		}
	}
}

func orNone(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
