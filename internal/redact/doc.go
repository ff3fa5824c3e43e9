// Package redact takes secrets out of what people and logs are shown.
//
// A [Set] holds the secrets. What comes in is text, a JSON document, a line of a log
// or a line of YAML; what goes out is the same with *** in place of each secret,
// however it was written there: as it is, with the escapes of JSON, Go, HTML or an
// address, several of them around each other, or as base64. Keys stay.
//
// The files: set.go holds the secrets, unit.go reads characters through escapes,
// match.go finds secrets, base64.go finds them in base64, word.go says where a short
// one counts, and json.go and yaml.go part keys from values.
package redact
