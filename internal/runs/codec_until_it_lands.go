package runs

import "encoding/json"

// jsonCodec stands for the codec until that lands.
type jsonCodec struct{}

var codec jsonCodec

func (jsonCodec) Encode(v any) ([]byte, error) { return json.Marshal(v) }

func (jsonCodec) Decode(b []byte) (any, error) {
	var v any
	err := json.Unmarshal(b, &v)
	return v, err
}
