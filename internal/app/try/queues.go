package try

import (
	"slices"
	"strings"
)

// mapping is one that keeps its order, as the documents of configurations have.
type mapping interface {
	Get(key string) (any, bool)
	Keys() []string
}

// criteriaParam is the param of a search.
const criteriaParam = "ticket_search_criteria"

// searchedQueues are the queues that the searches of a configuration name, none if one of them
// names none, or by what is known only later.
func searchedQueues(root map[string]any) []string {
	var queues []string
	all := true
	var walk func(v any)
	walk = func(v any) {
		if list, ok := v.([]any); ok {
			for _, e := range list {
				walk(e)
			}
			return
		}
		keys, get := entries(v)
		for _, key := range keys {
			inner := get(key)
			if key != criteriaParam {
				walk(inner)
				continue
			}
			names := queuesOf(inner)
			queues, all = append(queues, names...), all && len(names) > 0
		}
	}
	walk(root)
	if !all {
		return nil
	}
	slices.Sort(queues)
	return slices.Compact(queues)
}

func entries(v any) (keys []string, get func(string) any) {
	switch m := v.(type) {
	case map[string]any:
		for key := range m {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		return keys, func(key string) any { return m[key] }
	case mapping:
		return m.Keys(), func(key string) any { v, _ := m.Get(key); return v }
	}
	return nil, nil
}

// queuesOf are the names of the queues in the criteria of a search.
func queuesOf(criteria any) []string {
	_, get := entries(criteria)
	if get == nil {
		return nil
	}
	var names []string
	switch queue := get("queue").(type) {
	case string:
		names = append(names, queue)
	default:
		if _, of := entries(queue); of != nil {
			name, _ := of("name").(string)
			names = append(names, name)
		}
	}
	if _, fields := entries(get("fields")); fields != nil {
		if truthy(fields("UseSubQueues")) { // those below it aren't known
			return nil
		}
		for _, v := range listOf(fields("Queues")) {
			name, _ := v.(string)
			names = append(names, name)
		}
	}
	if slices.ContainsFunc(names, func(n string) bool { return n == "" || strings.Contains(n, "{{") || strings.Contains(n, "{%") }) {
		return nil
	}
	return names
}

func truthy(v any) bool { return v != nil && v != false && v != 0 && v != int64(0) && v != "0" }

func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}
