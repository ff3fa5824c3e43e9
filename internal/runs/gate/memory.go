package gate

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Names of the gate's own facts in the store.
const (
	keyName    = "gate/key"
	fieldsName = "gate/fields/"
)

// key is the key of the hashes in pictures. It is in the store, so that all hosts have
// the same one; pictures made with another are not compared by their hashes.
func (g *Gate) key(ctx context.Context) (picture.Key, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.hashing != nil {
		return g.hashing, nil
	}
	text, ok, err := g.options.Store.Value(ctx, keyName)
	if err == nil && !ok {
		if err = g.options.Store.SetValue(ctx, keyName, rand.Text()); err == nil {
			text, _, err = g.options.Store.Value(ctx, keyName) // another host's may have won
		}
	}
	if err != nil {
		return nil, storeError("read the key of the pictures", err)
	}
	g.hashing = picture.Key(text)
	return g.hashing, nil
}

// fieldNames are the further fields that a runner's writes have named so far.
func (g *Gate) fieldNames(ctx context.Context, runner string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	names, known := g.fields[runner]
	if !known {
		text, ok, err := g.options.Store.Value(ctx, fieldsName+runner)
		if err != nil {
			return nil
		}
		if ok && json.Unmarshal([]byte(text), &names) != nil {
			names = nil
		}
		g.fields[runner] = names
	}
	return names
}

// learn keeps the names of the fields that a write names, and how its notes read.
func (g *Gate) learn(ctx context.Context, runner string, u api.TicketUpdate, c picture.Change) {
	known := g.fieldNames(ctx, runner)
	names := slices.Clone(known)
	for name := range u.Fields {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	g.mu.Lock()
	for _, n := range c.Notes {
		if len(g.subjects) < 1000 {
			g.subjects[n.Subject] = true
		}
	}
	g.fields[runner] = names
	g.mu.Unlock()
	if len(names) == len(known) {
		return
	}
	slices.Sort(names)
	text, err := json.Marshal(names)
	if err == nil {
		err = g.options.Store.SetValue(ctx, fieldsName+runner, string(text))
	}
	if err != nil {
		g.options.Logger.DebugContext(ctx, "the names of the written fields can't be kept", "err", err)
	}
}

// changesState is how far the searches for changed tickets have come.
type changesState struct {
	Searched int64     `json:"searched"` // store time
	Newest   time.Time `json:"newest"`   // the ticket system's
}

func (g *Gate) loadChanges(ctx context.Context, name string) (s changesState, err error) {
	text, ok, err := g.options.Store.Value(ctx, name)
	if err != nil {
		return s, storeError("read when changed tickets were last searched for", err)
	}
	if ok {
		err = json.Unmarshal([]byte(text), &s)
	}
	return s, err
}

func (g *Gate) saveChanges(ctx context.Context, name string, s changesState) error {
	text, err := json.Marshal(s)
	if err == nil {
		err = g.options.Store.SetValue(ctx, name, string(text))
	}
	if err != nil {
		return storeError("keep when changed tickets were last searched for", err)
	}
	return nil
}

func encodePicture(p picture.Picture) []byte {
	b, err := json.Marshal(p)
	if err != nil { // strings and numbers alone
		return nil
	}
	return b
}

func decodePicture(b []byte) (p picture.Picture, ok bool) {
	if len(b) == 0 || json.Unmarshal(b, &p) != nil {
		return picture.Picture{}, false
	}
	return p, true
}
