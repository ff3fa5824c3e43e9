package main

import (
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params/plugintest"
)

func TestThePluginKeepsWhatHostsExpect(t *testing.T) {
	plugintest.Run(t, CreatePlugin, plugintest.Live())
}
