package main

import "github.com/open-ticket-ai/otai/pkg/api"

// CreatePlugin describes the plugin; the host calls it once.
func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{
			Name:        "otai-hf-local",
			Version:     "0.1.0",
			API:         ">=1.0.0 <2",
			Description: "Classifies texts with HuggingFace models on this machine.",
		},
		api.NewService("HFClassificationService",
			"Classifies texts with a HuggingFace model that is on this machine.", newService),
	)
}

func main() {}
