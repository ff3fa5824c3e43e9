package schema

// allowSchema is the schema of what may be written by a service. It has neither variables nor
// templates.
func allowSchema() object {
	name := object{"type": "string", "minLength": 1, "not": object{"pattern": `\$\{|\{\{|\{%`}}
	entry := func(key string, value object) object {
		return object{"type": "object", "properties": object{key: value}, "required": []any{key}, "additionalProperties": false}
	}
	value := object{"anyOf": []any{name, entry("id", object{"type": []any{"string", "integer"}}), entry("name", name)}}
	values := func(doc string) object {
		return described(doc, object{"anyOf": []any{value, object{"type": "array", "items": value}}})
	}
	return described("What may be written by this service; everything else ends the run. A kind that isn't listed is not bounded.", object{
		"type": "object", "additionalProperties": false, "properties": object{
			"queues":     values("Queues into which tickets may be moved, by name or as {id: 5}. A value counts only in the form that is listed."),
			"priorities": values("Priorities that tickets may get."),
			"states":     values("States that tickets may get."),
			"notes":      described("internal: no note may be visible to the customer.", object{"enum": []any{"internal"}}),
		},
	})
}

// maxChangesSchema is the schema of how much may be changed by a service.
func maxChangesSchema() object {
	return described("How much may be changed by this service, for all hosts together.", object{
		"type": "object", "additionalProperties": false, "required": []any{"tickets_per_hour"}, "properties": object{
			"tickets_per_hour": described("Tickets that may be changed within an hour. The runner that would change a further one is paused until otai runs resume.", object{"type": "integer", "minimum": 1}),
		},
	})
}
