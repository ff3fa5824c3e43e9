// Package shared is used by two plugins.
package shared

// Name says what this is.
func Name() string { return "shared" }

// Added came with this version.
func Added() {}
