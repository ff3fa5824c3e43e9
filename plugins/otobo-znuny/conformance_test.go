package main

import (
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params/plugintest"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

func TestThePluginKeepsWhatHostsExpect(t *testing.T) {
	plugintest.Run(
		t, CreatePlugin,
		plugintest.Params("OTOBOZnunyTicketSystemService", map[string]any{
			"base_url": "https://desk.example.org/otobo/nph-genericinterface.pl",
		}),
		plugintest.Env(map[string]string{wire.PasswordVariable: "secret"}),
		plugintest.Params("FetchTicketsPipe", map[string]any{
			"ticket_search_criteria": map[string]any{"queue": map[string]any{"name": "Incoming"}},
		}),
	)
}
