// Fails in C.
package main

// #include <stdlib.h>
// static void give_up(void) { abort(); }
import "C"

import (
	"example.com/zoo/valid"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func init() {
	C.give_up()
}

func CreatePlugin(api.AppConfig) api.Plugin { return valid.Plugin() }

func main() {}
