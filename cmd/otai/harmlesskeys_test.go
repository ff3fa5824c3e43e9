package main_test

import (
	"encoding/json"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
)

// What an excerpt shows is a list that is written by hand. Every key that a file may
// have, with the bundled plugins, is in it or is named like a secret.
func TestTheExcerptsKnowEveryKeyOfTheSchema(t *testing.T) {
	out, err := runOtai(t, environment(t, "OTAI_PLUGIN_DIR="+product.plugins), "schema")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var schema map[string]any
	if err := json.Unmarshal([]byte(out), &schema); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	collectProperties(schema, keys)
	if len(keys) < 100 {
		t.Errorf("the schema has %d keys, want at least 100", len(keys))
	}
	// An address with a login, which is learned as a secret; by its name it is neither, so
	// that an excerpt hides it and a plugin's own "database: tickets" is not masked everywhere.
	delete(keys, "database")
	delete(keys, "key") // of base:ForEachPipe; elsewhere people write a secret there
	// Of a loop, where it names a field; elsewhere people write a real key there.
	delete(keys, "key")
	for key := range keys {
		if secret, harmless := secretname.Is(key), secretname.Harmless(key); secret == harmless {
			t.Errorf("the key %q: named like a secret %v, known to have none %v", key, secret, harmless)
		}
	}
}

// collectProperties adds the names of all properties in a JSON Schema.
func collectProperties(schema any, into map[string]bool) {
	switch v := schema.(type) {
	case map[string]any:
		if properties, ok := v["properties"].(map[string]any); ok {
			for name := range properties {
				into[name] = true
			}
		}
		for _, inner := range v {
			collectProperties(inner, into)
		}
	case []any:
		for _, inner := range v {
			collectProperties(inner, into)
		}
	}
}
