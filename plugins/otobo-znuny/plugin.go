package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// Version is the version of this plugin.
const Version = "0.1.0"

// CreatePlugin describes the plugin; the host looks it up by this name.
func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{
			Name:        "otai-otobo-znuny",
			Version:     Version,
			API:         ">=1.0.0 <2",
			Description: "Tickets of OTOBO, Znuny and OTRS.",
		},
		api.NewService("OTOBOZnunyTicketSystemService", "Finds, reads, changes and creates tickets of OTOBO, Znuny or OTRS.", newTicketSystem).
			WithLabel("search-fields", fieldNames(searchKeys)).WithLabel("update-fields", fieldNames(updateKeys)).WithLabel("note-fields", fieldNames(noteKeys)).
			WithLabel("open-tickets", "{ StateType: [new, open], Locks: [unlock] }"),
		api.NewPipeFunc("FetchTicketsPipe", "Finds tickets, oldest first.", fetchTickets).
			WithLabel("yields", "fetched_tickets").WithLabel("concurrent", "true").WithLabel("effect", "none"),
	)
}

// fieldNames lets the host find misspelled fields before anything runs.
func fieldNames(known map[string]bool) string {
	return strings.Join(append(slices.Sorted(maps.Keys(known)), wire.DynamicPrefix+"*"), ",")
}

// main is never called: the package is built with -buildmode=plugin.
func main() {}
