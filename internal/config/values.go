package config

import (
	"bytes"
	"encoding/json"
	"math/big"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"
)

// Values reads a file of data, YAML or JSON, as the plain values that templates
// see. Mappings keep their order.
func Values(s Source) (*jinja.Dict, Diagnostics) {
	if json.Valid(s.Data) {
		// YAML takes most of JSON, but neither tabs nor characters in two halves.
		if d, ok := jsonValues(s.Data).(*jinja.Dict); ok {
			return d, nil
		}
	}
	var diags Reporter
	doc := source.Parse(s, &diags)
	var root *source.Node
	if doc != nil {
		root = source.Expand(s.Name, doc.Content[0], &diags)
	}
	if root == nil || diags.List.HasErrors() {
		return nil, Diagnostics(nil).And(diags.List)
	}
	return plainNode(root).(*jinja.Dict), nil
}

func plainNode(n *source.Node) any {
	switch {
	case n.IsMapping():
		d := &jinja.Dict{}
		for _, p := range n.Pairs {
			d.Set(p.Key, plainNode(p.Value))
		}
		return d
	case n.IsList():
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = plainNode(item)
		}
		return list
	}
	switch x := n.Value.(type) {
	case int:
		return int64(x)
	case uint64:
		return new(big.Int).SetUint64(x)
	}
	return n.Value
}

func jsonValues(data []byte) any {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return nextJSON(d)
}

// nextJSON reads one value of JSON that is known to be valid.
func nextJSON(d *json.Decoder) any {
	token, err := d.Token()
	if err != nil {
		return nil
	}
	switch x := token.(type) {
	case json.Number:
		return jsonNumber(x)
	case json.Delim:
		if x == '[' {
			list := []any{}
			for d.More() {
				list = append(list, nextJSON(d))
			}
			_, _ = d.Token()
			return list
		}
		m := &jinja.Dict{}
		for d.More() {
			key, _ := nextJSON(d).(string)
			m.Set(key, nextJSON(d))
		}
		_, _ = d.Token()
		return m
	}
	return token
}

func jsonNumber(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	if i, ok := new(big.Int).SetString(n.String(), 10); ok {
		return i
	}
	f, _ := n.Float64() // beyond the range it is infinite, as in Python
	return f
}
