package check

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/catalog"
)

// bounds reports bounds of a service by which no ticket is written.
func (k *checker) bounds(s config.Service, component catalog.Component) {
	if ticketSystem(component) {
		return
	}
	for key, given := range map[string]bool{"allow": s.Bounds.Allow != nil, "max_changes": s.Bounds.TicketsPerHour > 0} {
		if at := servicePath(s).Key(key); given {
			k.reportError(k.keyAt(at), at, "no-effect", "write it below the service by which tickets are changed", "%s is not a ticket system, so %s bounds nothing", s.Use, key)
		}
	}
}

// ticketSystem reports whether a component is a service by which tickets are found and changed.
func ticketSystem(c catalog.Component) bool {
	return c.Service && slices.ContainsFunc(c.Methods, func(method string) bool { return strings.HasPrefix(method, "FindTickets(") })
}
