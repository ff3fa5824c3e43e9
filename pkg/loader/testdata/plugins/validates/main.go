// A plugin whose params do what they say when they are validated.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type doorParams struct {
	Mode  string `otai:"mode"`
	Count int64  `otai:"count"`
}

func (p doorParams) Validate() error {
	switch p.Mode {
	case "refuse":
		return &api.FieldError{Field: "mode", Err: errors.New("the door is closed")}
	case "count":
		return fmt.Errorf("%d people want in", p.Count)
	case "panic":
		panic("the door fell down")
	case "panic later":
		go panic("the door fell down later")
		select {}
	case "exit":
		os.Exit(0)
	case "loop":
		for {
		}
	}
	return nil
}

type door struct{ path string }

// FindModels misses every model that is called so, and says how it was asked.
func (d *door) FindModels(_ context.Context, names []string, missing func(map[string]string)) {
	for _, name := range names {
		switch name {
		case "here":
		case "panic":
			panic("the door fell down")
		default:
			missing(map[string]string{"model": name, "message": "not behind the door " + d.path})
		}
	}
}

// Labels says how it was asked, and knows no model that is called so.
func (d *door) Labels(ctx context.Context, model string) ([]string, error) {
	switch model {
	case "gone":
		return nil, errors.New("no such door")
	case "panic":
		panic("the door fell down")
	case "forever":
		select {}
	}
	_, limited := ctx.Deadline()
	return []string{model + " behind " + d.path, fmt.Sprint(limited)}, nil
}

func newDoor(p doorParams, h api.Host) (*door, error) {
	if p.Mode == "unbuildable" {
		return nil, errors.New("no wood")
	}
	path, _ := h.Env("DOOR")
	return &door{path}, nil
}

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-validates", Version: "1.0.0", API: ">=1.0.0 <2"},
		api.NewService("Door", "Lets in.", newDoor),
	)
}

func main() {}
