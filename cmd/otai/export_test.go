package main

import "github.com/spf13/cobra"

// NewRoot lets the tests walk over all commands.
func NewRoot() *cobra.Command { return newRoot(process{}) }
