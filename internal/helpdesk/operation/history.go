package operation

import (
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// historyOf answers TicketHistoryGet, which is for agents.
func (s *System) historyOf(who store.Actor, in Call) (wire.Object, error) {
	const op = "TicketHistoryGet"
	if who.IsCustomer() {
		return nil, wire.Reject(op, "AuthFail", "User needs to an Agent!")
	}
	ids := ticketIDs(in.Values)
	if len(ids) == 0 {
		return nil, wire.Reject(op, "MissingParameter", "TicketID parameter is missing!")
	}
	all := make([]wire.Object, 0, len(ids))
	for _, id := range ids {
		t := s.FindText(id)
		if t == nil || s.AccessTo(who, t) == store.AccessNone {
			return nil, wire.Reject(op, "AccessDenied", "User does not have access to the ticket "+id+"!")
		}
		lines := make([]wire.Object, len(t.History))
		for i, e := range t.History {
			lines[i] = wire.Object{
				"ArticleID": e.Article, "CreateBy": e.User.ID, "CreateTime": wire.Stamp(e.Time), "HistoryType": e.Kind,
				"HistoryTypeID": historyTypes[e.Kind], "Name": e.Name(), "OwnerID": e.Owner, "PriorityID": e.Priority,
				"QueueID": e.Queue, "StateID": e.State, "TicketID": wire.ID(t.ID), "TypeID": e.TicketType,
			}
		}
		all = append(all, wire.Object{"TicketID": id, "History": lines})
	}
	return wire.Object{"TicketHistory": all}, nil
}

// historyTypes are the kinds of lines in a history, with their ids in a fresh installation.
var historyTypes = map[string]int64{
	"NewTicket": 1, "FollowUp": 2, "SendAutoReject": 3, "SendAutoReply": 4, "SendAutoFollowUp": 5, "Forward": 6, "Bounce": 7,
	"SendAnswer": 8, "SendAgentNotification": 9, "SendCustomerNotification": 10, "EmailAgent": 11, "EmailCustomer": 12,
	"PhoneCallAgent": 13, "PhoneCallCustomer": 14, "AddNote": 15, "Move": 16, "Lock": 17, "Unlock": 18, "Remove": 19,
	"TimeAccounting": 20, "CustomerUpdate": 21, "PriorityUpdate": 22, "OwnerUpdate": 23, "LoopProtection": 24, "Misc": 25,
	"SetPendingTime": 26, "StateUpdate": 27, "TicketDynamicFieldUpdate": 28, "WebRequestCustomer": 29, "TicketLinkAdd": 30,
	"TicketLinkDelete": 31, "SystemRequest": 32, "Merged": 33, "ResponsibleUpdate": 34, "Subscribe": 35, "Unsubscribe": 36,
	"TypeUpdate": 37, "ServiceUpdate": 38, "SLAUpdate": 39, "ArchiveFlagUpdate": 40, "TitleUpdate": 50,
}
