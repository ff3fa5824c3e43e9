package main

import (
	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/demo"
)

func (c *command) newHelpdesk() *cobra.Command {
	var o demo.HelpdeskOptions
	cmd := &cobra.Command{
		Use:   "helpdesk",
		Short: "Run the built-in help desk, to try things out",
		Long: `Runs a small help desk in memory that answers like OTOBO or Znuny. The first line
on standard output is the address for base_url. A page at / shows the tickets.`,
		Example: `  otai helpdesk --listen 127.0.0.1:8080 --demo-tickets
  OTOBO_URL=http://127.0.0.1:8080/znuny/nph-genericinterface.pl \
  OTAI_OTOBO_ZNUNY_PASSWORD=try-otai-4711 otai run -c examples/seed.yml`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo.Helpdesk(cmd.Context(), c.settings, o)
		},
	}
	cmd.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	cmd.Flags().StringVar(&o.Mode, "mode", "znuny", "which real server to answer like: znuny or otobo")
	cmd.Flags().StringVar(&o.Password, "password", demo.HelpdeskPassword, "password of the agent "+demo.HelpdeskLogin)
	cmd.Flags().StringSliceVar(&o.Hosts, "host", nil, "name by which clients call it, beside its addresses and localhost; repeatable")
	cmd.Flags().BoolVar(&o.Insecure, "insecure", false, "listen beyond this machine even with a password that is known or soon guessed")
	cmd.Flags().BoolVar(&o.DemoTickets, "demo-tickets", false, "begin with the demonstration's 30 tickets")
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print the address, and where the page and /_control are, as one line of JSON")
	cmd.Flags().StringVar(&o.Faults, "faults", "", "file of faults by which it misbehaves, YAML or JSON; see docs/helpdesk.md")
	_ = cmd.MarkFlagFilename("faults", "yml", "yaml", "json")
	complete(cmd, "mode", "znuny", "otobo")
	return cmd
}
