package value

// fieldOrders are the keys of tickets and of notes in the order of api.Ticket and
// api.Note. The host passes these as Go maps, which have no order.
var fieldOrders = [...][]string{
	{"id", "number", "subject", "body", "queue", "priority", "state", "owner", "customer", "notes", "created", "changed", "fields"},
	{"id", "subject", "body", "content_type", "visible_to_customer", "author", "created", "fields"},
}

// fieldOrder is the order of m's keys where m is a ticket or a note, or nil.
func fieldOrder(m map[string]any) []string {
orders:
	for _, order := range fieldOrders {
		if len(order) != len(m) {
			continue
		}
		for _, key := range order {
			if _, ok := m[key]; !ok {
				continue orders
			}
		}
		return order
	}
	return nil
}
