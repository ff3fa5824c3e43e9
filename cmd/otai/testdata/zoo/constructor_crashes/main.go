// Is linked with C code that crashes while the file is mapped.
package main

// static void touch(void) {}
// __attribute__((constructor)) static void crash(void) { *(volatile int *)8 = 1; }
import "C"

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	C.touch()
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
