// Package schema describes configuration files to editors, as a JSON Schema that is
// made of what the plugins offer.
package schema
