// Package api is what the host and its plugins share.
package api

import "strconv"

// Config goes to the plugin.
type Config struct{ Name string }

// Thing comes back.
type Thing interface{ Describe() string }

// Text is a thing.
type Text string

// Describe returns the text.
func (t Text) Describe() string { return strconv.Quote(string(t)) }
