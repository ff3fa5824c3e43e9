package kept

import (
	"errors"
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/runs/codec"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Most is how large, in bytes, a ticket or a result may be that is stored.
const Most = 4 << 20

// Why a result isn't stored: its step is evaluated again.
var (
	// ErrSecret means that a secret is in it.
	ErrSecret = errors.New("a secret is in it")
	// ErrTooLarge means that it is larger than [Most].
	ErrTooLarge = errors.New("it is larger than 4 MB")
)

// Result is a step's result as it was stored.
type Result struct {
	api.PipeResult
	Search bool // the tickets that the run claimed are in it
	Leaves []Leave
}

// Leave is a ticket of which the step says that leaving it alone is final.
type Leave struct{ System, Ticket string }

// The keys of a stored result. Refs are the places at which tickets were taken out of the
// data, each with the ticket's id; they are stored as documents.
const (
	keyStatus  = "status"
	keyMessage = "message"
	keyData    = "data"
	keySearch  = "search"
	keyRefs    = "refs"
	keyLeaves  = "leaves"
)

// EncodeResult makes bytes of a result. of are the tickets that the step's search
// claimed: each becomes a document of its own. leaves are the tickets that the step leaves
// alone for good. clean reports whether no secret is in a
// plain value. The error is [ErrSecret], [ErrTooLarge] or one of the codec's.
func EncodeResult(r api.PipeResult, of []store.Ticket, leaves []Leave, clean func(any) bool) ([]byte, []store.Document, error) {
	if !clean(r.Message) || !clean(r.Data) {
		return nil, nil, ErrSecret
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
	if len(leaves) > 0 {
		all := make([]any, len(leaves))
		for i, l := range leaves {
			all[i] = []any{l.System, l.Ticket}
		}
		kept[keyLeaves] = all
	}
	body, err := codec.Encode(kept)
	if err == nil && len(body) > Most {
		err = ErrTooLarge
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
	if err == nil && len(body) > Most {
		err = fmt.Errorf("ticket %s: %w", id, ErrTooLarge)
	}
	if err != nil {
		x.err = err
		return
	}
	x.docs = append(x.docs, store.Document{Ticket: id, Body: body})
}

var errForm = errors.New("a stored result has another form")

// DecodeResult is the way back; docs are the documents by ticket.
func DecodeResult(body []byte, docs map[string][]byte) (Result, error) {
	v, err := codec.Decode(body)
	if err != nil {
		return Result{}, err
	}
	kept, ok := v.(map[string]any)
	if !ok {
		return Result{}, errForm
	}
	status, _ := kept[keyStatus].(string)
	message, _ := kept[keyMessage].(string)
	search, _ := kept[keySearch].(bool)
	data, _ := kept[keyData].(map[string]any)
	refs, _ := kept[keyRefs].([]any)
	for _, ref := range refs {
		if err := put(data, ref, docs); err != nil {
			return Result{}, err
		}
	}
	r := api.Success(data)
	r.Status, r.Message = api.Status(status), message
	decoded := Result{PipeResult: r, Search: search}
	leaves, _ := kept[keyLeaves].([]any)
	for _, l := range leaves {
		pair, _ := l.([]any)
		if len(pair) != 2 {
			return Result{}, errForm
		}
		system, _ := pair[0].(string)
		ticket, _ := pair[1].(string)
		decoded.Leaves = append(decoded.Leaves, Leave{System: system, Ticket: ticket})
	}
	return decoded, nil
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
