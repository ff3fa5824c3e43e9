// A plugin whose factory is spelled wrongly.
package main

import "github.com/open-ticket-ai/otai/pkg/api"

func Createplugin(api.AppConfig) api.Plugin { return nil }

func main() {}
