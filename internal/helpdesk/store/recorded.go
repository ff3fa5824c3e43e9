package store

import (
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// The ids of the agents that the help desk itself needs.
const (
	AdministratorID int64 = 1
	LoginID         int64 = 2
)

// NewCatalog returns the catalog of the servers whose answers were recorded, ids included.
func NewCatalog(mode wire.Mode, login, password string) Catalog {
	c := Catalog{
		Queues: []Queue{
			{Entry: Entry{1, "Postmaster"}},
			{Entry: Entry{2, "Raw"}},
			{Entry: Entry{3, "Junk"}},
			{Entry: Entry{4, "Misc"}},
			{Entry: Entry{5, "OpenTicketAI"}},
			{Entry: Entry{6, "OpenTicketAI::Incoming"}},
			{Entry: Entry{7, "Öffentlichkeitsarbeit & Büro"}},
			{Entry: Entry{8, "IT"}},
			{Entry: Entry{9, "HR"}},
			{Entry: Entry{10, "Secret"}, Group: 5, Access: AccessNone},
			{Entry: Entry{11, "Incoming"}},
			{Entry: Entry{12, "ReadOnly"}, Group: 6, Access: AccessRead},
		},
		Priorities: []Entry{{1, "1 very low"}, {2, "2 low"}, {3, "3 normal"}, {4, "4 high"}, {5, "5 very high"}},
		States: []State{
			{Entry{1, "new"}, "new"},
			{Entry{2, "closed successful"}, "closed"},
			{Entry{3, "closed unsuccessful"}, "closed"},
			{Entry{4, "open"}, "open"},
			{Entry{5, "removed"}, "removed"},
			{Entry{6, "pending reminder"}, "pending reminder"},
			{Entry{7, "pending auto close+"}, "pending auto"},
			{Entry{8, "pending auto close-"}, "pending auto"},
			{Entry{9, "merged"}, "merged"},
		},
		Locks: []Entry{{1, "unlock"}, {2, "lock"}, {3, "tmp_lock"}},
		Types: []Entry{{1, "Unclassified"}, {2, "Incident"}, {3, "Request"}},
		Agents: []Agent{
			{Entry: Entry{AdministratorID, "root@localhost"}, FullName: "Admin OTRS", Address: "root@localhost"},
			{Entry: Entry{LoginID, login}, FullName: "Open Ticket AI", Address: "otai@" + string(mode) + ".test", Password: password},
			{Entry: Entry{4, "otheragent"}, FullName: "Other Agent", Address: "other@" + string(mode) + ".test"},
		},
		Senders:  []Entry{{1, "agent"}, {2, "system"}, {3, "customer"}},
		Channels: []Entry{{1, "Email"}, {2, "Phone"}, {3, "Internal"}, {4, "Chat"}},
		Customers: []Customer{
			{Login: "kunde1", Company: "ACME", Address: `"Käthe Müller" <kunde1@example.test>`},
		},
	}
	if mode == wire.ModeOTOBO {
		c.Fields = []DynamicField{{Name: "ProcessManagementActivityID"}, {Name: "ProcessManagementProcessID"}}
	} else {
		c.Fields = []DynamicField{
			{Name: "OtaiConfidence"},
			{Name: "OtaiLabel", Kind: FieldDropdown, Values: []string{"it", "hr", "misc"}},
			{Name: "OtaiSeen", Kind: FieldCheckbox},
			{Name: "OtaiTags", Kind: FieldMultiselect, Values: []string{"a", "b", "c"}},
			{Name: "OtaiText"},
			{Name: "OtaiWhen"},
		}
	}
	for i := range c.Queues {
		if c.Queues[i].Group == 0 {
			c.Queues[i].Group = usersGroup
		}
	}
	return c
}
