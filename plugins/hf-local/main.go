package main

import "github.com/open-ticket-ai/otai/pkg/api"

// CreatePlugin describes the plugin; the host calls it once. Its services share
// the models that they load.
func CreatePlugin(api.AppConfig) api.Plugin {
	loaded := newModelPool()
	return api.NewPlugin(
		api.Metadata{
			Name:        "otai-hf-local",
			Version:     "0.1.0",
			API:         ">=1.0.0 <2",
			Description: "Classifies texts with HuggingFace models on this machine.",
		},
		api.NewService("HFClassificationService",
			"Classifies texts with HuggingFace models on this machine, which it downloads once.",
			func(p Params, h api.Host) (*Service, error) { return newService(p, h, loaded) }),
	)
}

func main() {}
