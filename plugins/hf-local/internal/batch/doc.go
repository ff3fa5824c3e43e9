// Package batch gathers calls that come at about the same time into one.
//
// The first call opens a batch and waits a little for others of its key; the batch
// runs when the wait is over or it is full, and each call gets its own result.
// Every call may end with its own context without disturbing the others.
package batch
