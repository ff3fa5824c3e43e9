// Package store keeps what a help desk knows, in memory.
//
// # Catalog
//
// A [Catalog] lists what tickets refer to by name or id: queues, priorities, states, agents, customers and dynamic fields.
// [NewCatalog] returns that of the servers whose answers were recorded.
//
// # Tickets
//
// A [Store] opens tickets, adds articles to them and records what happens to them in their history. It doesn't judge: what an
// [Actor] may do with a ticket is an [Access] that the caller asks for.
package store
