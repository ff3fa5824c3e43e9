package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// group makes a command that only holds others. Without it, cobra answers a
// mistyped command with the help and exit code 0.
func group(cmd *cobra.Command, commands ...*cobra.Command) *cobra.Command {
	cmd.SuggestionsMinimumDistance = 2
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			return fmt.Errorf("unknown command %q for %q; did you mean %s?", args[0], cmd.CommandPath(), strings.Join(near, " or "))
		}
		return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(commands...)
	return cmd
}

// arguments limits the number of arguments; the usage line of the command says which.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("an argument is missing: %s", cmd.UseLine())
		case len(args) > most && most == 0:
			return fmt.Errorf("`%s` takes no argument: %s", cmd.CommandPath(), args[0])
		case len(args) > most:
			return fmt.Errorf("there is no place for %q: %s", args[most], cmd.UseLine())
		}
		return nil
	}
}

// flagError says in the same words for each kind of flag what its value has to be.
func flagError(_ *cobra.Command, err error) error {
	var flag *pflag.InvalidValueError
	if !errors.As(err, &flag) {
		return err
	}
	what := ""
	switch kind := flag.GetFlag().Value.Type(); {
	case strings.HasPrefix(kind, "uint"):
		what = "a whole number from 0"
	case strings.HasPrefix(kind, "int"):
		what = "a whole number"
	case strings.HasPrefix(kind, "float"):
		what = "a number"
	case kind == "bool":
		what = "true or false"
	default:
		return err
	}
	return fmt.Errorf("--%s is %q, and needs %s", flag.GetFlag().Name, flag.GetValue(), what)
}
