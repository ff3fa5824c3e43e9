package gate

import (
	"bytes"
	"encoding/gob"
	"time"
)

type plainBox struct{ V any }

func encodePlain(v any) ([]byte, error) {
	var b bytes.Buffer
	gob.Register(map[string]any{})
	gob.Register([]any{})
	gob.Register(time.Time{})
	gob.Register([]string{})
	gob.Register([]map[string]any{})
	err := gob.NewEncoder(&b).Encode(plainBox{v})
	return b.Bytes(), err
}

func decodePlain(b []byte) (any, error) {
	var x plainBox
	err := gob.NewDecoder(bytes.NewReader(b)).Decode(&x)
	return x.V, err
}
