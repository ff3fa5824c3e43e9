package plugintest

import (
	"context"
	"errors"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestTheEmptyDeskKnowsNoTicket(t *testing.T) {
	var desk api.TicketSystem = emptyDesk{}
	found, err := desk.FindTickets(t.Context(), api.SearchCriteria{})
	if err != nil || found == nil || len(found) != 0 {
		t.Errorf("found %v, %v", found, err)
	}
	_, readErr := desk.GetTicket(t.Context(), "1")
	for what, err := range map[string]error{
		"read":   readErr,
		"update": desk.UpdateTicket(t.Context(), "1", api.TicketUpdate{}),
		"note":   desk.AddNote(t.Context(), "1", api.Note{}),
	} {
		if !errors.Is(err, api.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestTheServicesThatAreThereHonourACancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, findErr := emptyDesk{}.FindTickets(ctx, api.SearchCriteria{})
	_, classifyErr := oneLabel{}.Classify(ctx, api.ClassificationRequest{})
	for what, err := range map[string]error{
		"find":     findErr,
		"update":   emptyDesk{}.UpdateTicket(ctx, "1", api.TicketUpdate{}),
		"classify": classifyErr,
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
