// Package search finds tickets as the servers' TicketSearch does.
//
// [Find] joins the criteria of a request: entries of the catalog and who sees them (search.go), texts of tickets and articles
// (text.go) with the conditions that a text may hold (condition.go), times (time.go) and dynamic fields (field.go). What
// is found is sorted as the request asks (order.go).
package search
