package runs

import (
	"errors"
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/runs/codec"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// mostKept is how large a ticket or a result may be that is stored.
const mostKept = 4 << 20

// Why a result isn't stored: its step is evaluated again.
var (
	errSecret   = errors.New("a secret is in it")
	errTooLarge = errors.New("it is larger than 4 MB")
)

// result is a step's result as it is stored.
type result struct {
	result api.PipeResult
	search bool // the tickets that the run claimed are in it
}

// The keys of a stored result. Refs are the places at which tickets were taken out of the
// data, each with the ticket's id; they are stored as documents.
const (
	keyStatus  = "status"
	keyMessage = "message"
	keyData    = "data"
	keySearch  = "search"
	keyRefs    = "refs"
)

// encodeResult makes bytes of a result. of are the tickets that the step's search
// claimed: each becomes a document of its own.
func encodeResult(r api.PipeResult, of []store.Ticket, clean func(any) bool) ([]byte, []store.Document, error) {
	if !clean(r.Message) || !clean(r.Data) {
		return nil, nil, errSecret
	}
	ids := make(map[string]bool, len(of))
	for _, t := range of {
		ids[t.Ticket] = true
	}
	x := extraction{ids: ids}
	kept := map[string]any{keyStatus: string(r.Status), keyMessage: r.Message, keySearch: of != nil}
	if r.Data != nil {
		kept[keyData] = x.take(r.Data, nil)
	}
	if x.err != nil {
		return nil, nil, x.err
	}
	kept[keyRefs] = x.refs
	body, err := codec.Encode(kept)
	if err == nil && len(body) > mostKept {
		err = errTooLarge
	}
	if err != nil {
		return nil, nil, err
	}
	return body, x.docs, nil
}

// extraction takes tickets out of a value.
type extraction struct {
	ids  map[string]bool
	refs []any
	docs []store.Document
	err  error
}

func (x *extraction) take(v any, at []any) any {
	if len(x.ids) == 0 || x.err != nil {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		if id, ok := v["id"].(string); ok && x.ids[id] {
			x.document(id, v, at)
			return nil
		}
		out := make(map[string]any, len(v))
		for key, inner := range v {
			out[key] = x.take(inner, append(slices.Clone(at), key))
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = x.take(inner, append(slices.Clone(at), int64(i)))
		}
		return out
	default:
		return v
	}
}

func (x *extraction) document(id string, v any, at []any) {
	x.refs = append(x.refs, append([]any{id}, at...))
	if slices.ContainsFunc(x.docs, func(d store.Document) bool { return d.Ticket == id }) {
		return
	}
	body, err := codec.Encode(v)
	if err == nil && len(body) > mostKept {
		err = fmt.Errorf("ticket %s: %w", id, errTooLarge)
	}
	if err != nil {
		x.err = err
		return
	}
	x.docs = append(x.docs, store.Document{Ticket: id, Body: body})
}

var errForm = errors.New("a stored result has another form")

// decodeResult is the way back.
func decodeResult(body []byte, docs map[string][]byte) (result, error) {
	v, err := codec.Decode(body)
	if err != nil {
		return result{}, err
	}
	kept, ok := v.(map[string]any)
	if !ok {
		return result{}, errForm
	}
	status, _ := kept[keyStatus].(string)
	message, _ := kept[keyMessage].(string)
	search, _ := kept[keySearch].(bool)
	data, _ := kept[keyData].(map[string]any)
	refs, _ := kept[keyRefs].([]any)
	for _, ref := range refs {
		if err := put(data, ref, docs); err != nil {
			return result{}, err
		}
	}
	r := api.Success(data)
	r.Status, r.Message = api.Status(status), message
	return result{result: r, search: search}, nil
}

// put puts a document back to its place.
func put(data map[string]any, ref any, docs map[string][]byte) error {
	path, _ := ref.([]any)
	if len(path) < 2 {
		return errForm
	}
	id, _ := path[0].(string)
	doc, ok := docs[id]
	if !ok {
		return errForm
	}
	v, err := codec.Decode(doc)
	if err != nil {
		return err
	}
	var at any = data
	for i, key := range path[1:] {
		last := i == len(path)-2
		switch in := at.(type) {
		case map[string]any:
			name, _ := key.(string)
			if last {
				in[name] = v
			}
			at = in[name]
		case []any:
			n, ok := index(key)
			if !ok || n < 0 || n >= len(in) {
				return errForm
			}
			if last {
				in[n] = v
			}
			at = in[n]
		default:
			return errForm
		}
	}
	return nil
}

func index(v any) (int, bool) {
	switch n := v.(type) {
	case int64:
		return int(n), true
	case int:
		return n, true
	}
	return 0, false
}

// clean reports whether no secret is in a plain value.
func (e *Engine) clean(v any) bool {
	switch v := v.(type) {
	case string:
		return v == "" || e.o.Redact(v) == v
	case map[string]any:
		for key, inner := range v {
			if !e.clean(key) || !e.clean(inner) {
				return false
			}
		}
	case []any:
		for _, inner := range v {
			if !e.clean(inner) {
				return false
			}
		}
	case nil, bool, int, int64, float64:
	default: // a mapping that keeps its order
		body, err := codec.Encode(v)
		return err == nil && e.o.Redact(string(body)) == string(body)
	}
	return true
}

// sayKeptOut says once a step that its result isn't stored.
func (e *Engine) sayKeptOut(s orchestrator.Step, why error) {
	if !e.once("kept out " + s.Path) {
		return
	}
	e.logger.Info("the result of this step isn't stored: after an interruption it is evaluated again", "step", s.Name, "path", s.Path, "err", why.Error())
}

// encodeItem makes bytes of what an item is given.
func encodeItem(i orchestrator.LoopItem, clean func(any) bool) ([]byte, error) {
	seen := make(map[string]any, len(i.Seen))
	for id, r := range i.Seen {
		if !clean(r.Message) || !clean(r.Data) {
			return nil, errSecret
		}
		one := map[string]any{keyStatus: string(r.Status), keyMessage: r.Message}
		if r.Data != nil {
			one[keyData] = r.Data
		}
		seen[id] = one
	}
	if !clean(i.Value) || !clean(i.Params) {
		return nil, errSecret
	}
	body, err := codec.Encode(map[string]any{"key": i.Key, "name": i.Name, "value": i.Value, "ticket": i.Ticket, "params": i.Params, "seen": seen})
	if err == nil && len(body) > mostKept {
		err = errTooLarge
	}
	return body, err
}

// decodeItem is the way back.
func decodeItem(body []byte) (orchestrator.LoopItem, error) {
	v, err := codec.Decode(body)
	if err != nil {
		return orchestrator.LoopItem{}, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return orchestrator.LoopItem{}, errForm
	}
	i := orchestrator.LoopItem{Value: m["value"], Seen: make(map[string]api.PipeResult)}
	i.Key, _ = m["key"].(string)
	i.Name, _ = m["name"].(string)
	i.Ticket, _ = m["ticket"].(string)
	i.Params, _ = m["params"].(map[string]any)
	seen, _ := m["seen"].(map[string]any)
	for id, one := range seen {
		fields, _ := one.(map[string]any)
		data, _ := fields[keyData].(map[string]any)
		r := api.Success(data)
		status, _ := fields[keyStatus].(string)
		r.Status = api.Status(status)
		r.Message, _ = fields[keyMessage].(string)
		i.Seen[id] = r
	}
	return i, nil
}
