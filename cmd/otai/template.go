package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/template"
)

func (c *command) newTemplate() *cobra.Command {
	return group(&cobra.Command{
		Use:   "template",
		Short: "Try templates",
	}, c.newTemplateEval())
}

// longestTemplate bounds what is read from standard input. The language has its
// own limit on templates; plain text may be longer.
const longestTemplate = 16 << 20

func (c *command) newTemplateEval() *cobra.Command {
	var scope string
	var text bool
	cmd := &cobra.Command{
		Use:   "eval [TEMPLATE|-]",
		Short: "Show what a template yields, as JSON",
		Long: `Renders a template as a configuration would and shows its value as JSON; "-", or no
argument, reads the template from standard input. A field that takes a text gets
the text instead, which --text shows.

The scope file, YAML or JSON, says what the template sees: pipe_results (by id, each
with succeeded, was_skipped, message and data, or only its data), params,
parent_params, env for get_env, and further variables. Without, the scope is empty.
Exit code 2 means a syntax error, 1 an error while rendering, such as fail().`,
		Example: `  otai template eval "{{ ['a', 'b'] | join('-') | upper }}"
  otai template eval --scope s.yml "{{ get_pipe_result('classify', 'label') }}"
  otai template eval --scope scope.yml --text - < note.txt`,
		Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := templateSource(args, cmd.InOrStdin())
			if err != nil {
				return err
			}
			e, err := template.Eval(cmd.Context(), c.settings, source, scope)
			if err != nil {
				var shown *template.Error
				if !errors.As(err, &shown) {
					return err
				}
				show(cmd.ErrOrStderr(), "%s", shown)
				return quietly(err)
			}
			answer := string(e.JSON) + "\n"
			if text {
				answer = e.Text
				if !strings.HasSuffix(answer, "\n") {
					answer += "\n"
				}
			}
			_, err = io.WriteString(cmd.OutOrStdout(), answer)
			return err
		},
	}
	cmd.Flags().StringVar(&scope, "scope", "", "file with what the template sees")
	cmd.Flags().BoolVar(&text, "text", false, "show the text that a string field gets")
	_ = cmd.MarkFlagFilename("scope", "yml", "yaml", "json")
	return cmd
}

func templateSource(args []string, stdin io.Reader) (string, error) {
	if len(args) == 1 && args[0] != "-" {
		return args[0], nil
	}
	data, err := io.ReadAll(io.LimitReader(stdin, longestTemplate+1))
	if err != nil {
		return "", &app.ExitError{Code: app.CodeRun, Err: fmt.Errorf("reading the template: %w", err)}
	}
	if len(data) > longestTemplate {
		return "", &app.ExitError{Code: app.CodeUsage, Err: fmt.Errorf("the template is longer than %d MiB", longestTemplate>>20)}
	}
	return string(data), nil
}
