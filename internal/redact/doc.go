// Package redact takes secrets out of what people and logs are shown.
//
// # Secrets
//
// A [Set] has the secrets. They have at least [Shortest] characters; one of fewer than [Long] is masked only where it
// is a word of its own, because it may be part of others.
//
// # What is redacted
//
// In comes text, a JSON document, a line of a log or a line of YAML; out comes the same with [Mask] in place of
// each secret. Keys stay. A secret is found however it is written: literally, with the escapes of
// JSON, Go, HTML or an address, several of them nested, or as base64.
//
// # Where things are
//
// mask.go keeps the secrets, match.go finds them, unit.go reads characters through escapes, base64.go finds
// secrets in base64, word.go says where a short one counts, and json.go and yaml.go separate keys from
// values.
package redact
