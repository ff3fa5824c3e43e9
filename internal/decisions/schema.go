package decisions

import (
	_ "embed"
)

// schema is the JSON Schema (2020-12) of a record.
//
//go:embed decision.schema.json
var schema []byte

// Schema returns the JSON Schema of a record. What it has stays: later releases add keys and
// actions, and neither take keys away nor change what they mean.
func Schema() []byte { return append([]byte(nil), schema...) }
