package api_test

import (
	"fmt"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// CreatePlugin describes the plugin and does nothing else. In a plugin it stands in
// package main, beside an empty func main.
func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-chat", Version: "1.0.0", API: ">=1.0.0 <2", Description: "Sends messages to a chat."},
		api.NewService("WebhookChat", "A chat that takes messages.", newChat),
		api.NewPipeFunc("NotifyPipe", "Sends a message.", notify),
	)
}

// A plugin is a list of what it offers. A configuration uses each as
// "chat:NotifyPipe": the name of the plugin without the prefix "otai-", a separator,
// the name of the injectable.
func ExampleNewPlugin() {
	plugin := CreatePlugin(api.AppConfig{Separator: ":", PluginPrefix: "otai-", APIVersion: "1.0.0"})
	fmt.Println(plugin.Metadata().Name, plugin.Metadata().Version)
	for _, i := range plugin.Injectables() {
		fmt.Println(i.Name, "service:", i.Provides != nil)
	}
	// Output:
	// otai-chat 1.0.0
	// WebhookChat service: true
	// NotifyPipe service: false
}

// Labels say of a service or a pipe what a host can't see: package params lists those
// that have a meaning.
func ExampleInjectable_WithLabel() {
	pipe := api.NewPipeFunc("NotifyPipe", "Sends a message.", notify).
		WithLabel("yields", "length:number").
		WithLabel("example", `{"text": "A ticket came in."}`)
	fmt.Println(pipe.Labels["yields"])
	// Output: length:number
}
