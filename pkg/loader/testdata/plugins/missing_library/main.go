// A plugin that is linked with a library which is not there when it is opened.
package main

// #cgo LDFLAGS: -L${SRCDIR} -lotaizoo
// int answer(void);
import "C"

import (
	"strconv"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-missing-library", Version: "1.0.0", Description: strconv.Itoa(int(C.answer()))})
}

func main() {}
