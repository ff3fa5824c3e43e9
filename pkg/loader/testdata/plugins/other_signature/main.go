// A plugin whose factory returns an error, too.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func CreatePlugin(api.AppConfig) (api.Plugin, error) { return nil, nil }

func main() {}
