package kept

import (
	"github.com/open-ticket-ai/otai/internal/runs/codec"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// EncodeItem makes bytes of what an item is given. Its errors are those of [EncodeResult].
func EncodeItem(i orchestrator.LoopItem, clean func(any) bool) ([]byte, error) {
	seen := make(map[string]any, len(i.Seen))
	for id, r := range i.Seen {
		if !clean(r.Message) || !clean(r.Data) {
			return nil, ErrSecret
		}
		one := map[string]any{keyStatus: string(r.Status), keyMessage: r.Message}
		if r.Data != nil {
			one[keyData] = r.Data
		}
		seen[id] = one
	}
	if !clean(i.Value) || !clean(i.Params) {
		return nil, ErrSecret
	}
	body, err := codec.Encode(map[string]any{"key": i.Key, "name": i.Name, "value": i.Value, "ticket": i.Ticket, "params": i.Params, "seen": seen})
	if err == nil && len(body) > Most {
		err = ErrTooLarge
	}
	return body, err
}

// DecodeItem is the way back.
func DecodeItem(body []byte) (orchestrator.LoopItem, error) {
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
