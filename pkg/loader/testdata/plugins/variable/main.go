// A plugin whose factory is a variable.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

var CreatePlugin = func(api.AppConfig) api.Plugin { return nil }

func main() {}
