package config

import (
	"slices"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/pkg/params"
	"go.yaml.in/yaml/v3"
)

// field is a value of the tree with the way to it; one that is not given has no node.
type field struct {
	*source.Node
	trail *source.Trail
}

func (f field) key(name string) field {
	inner := field{nil, &source.Trail{Above: f.trail, Key: name}}
	if f.Node != nil {
		inner.Node = f.Get(name)
	}
	return inner
}

func (f field) item(i int) field {
	return field{f.Items[i], &source.Trail{Above: f.trail, Item: i + 1}}
}

func (f field) path() params.Path { return f.trail.Path() }

func (f field) isMapping() bool { return f.Node != nil && f.Kind == yaml.MappingNode }
func (f field) isList() bool    { return f.Node != nil && f.Kind == yaml.SequenceNode }

// isEmpty is true for a field that is not given, or without a value.
func (f field) isEmpty() bool {
	return f.Node == nil || f.Kind == yaml.ScalarNode && f.Value == nil
}

// pairs are the keys of a mapping with their values; none for what is not a mapping.
func (f field) pairs() []source.Pair {
	if f.Node == nil {
		return nil
	}
	return f.Pairs
}

// unknownKeys are those that are not among the known ones, sorted.
func (f field) unknownKeys(known []string) (unknown []string) {
	for _, pair := range f.pairs() {
		if !slices.Contains(known, pair.Key) {
			unknown = append(unknown, pair.Key)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// without is a mapping as plain values, without some of its keys.
func (f field) without(keys []string) map[string]any {
	out := map[string]any{}
	for _, pair := range f.pairs() {
		if !slices.Contains(keys, pair.Key) {
			out[pair.Key] = plain(pair.Value)
		}
	}
	return out
}
