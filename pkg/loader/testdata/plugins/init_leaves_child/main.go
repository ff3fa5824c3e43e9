// A plugin that starts a process which outlives it and holds all descriptors, and
// then blocks.
package main

import (
	"os"
	"os/exec"
	"syscall"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-init-leaves-child", Version: "1.0.0"})
}

func init() {
	child := exec.Command("sleep", "20")
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	child.ExtraFiles = []*os.File{os.NewFile(3, "")}
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		panic(err)
	}
	select {}
}

func main() {}
