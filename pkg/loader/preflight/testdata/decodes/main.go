// Command decodes is a host that says whether it can decode its own types.
package main

import (
	"fmt"
	"os"
	"plugin"
	"runtime"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

func main() {
	if len(os.Args) > 1 { // never, but it makes this a host
		_, err := plugin.Open(os.Args[1])
		fmt.Println(err)
	}
	host, err := preflight.ThisHost()
	switch {
	case err != nil:
		fmt.Println(err)
	case len(host.Notes) > 0:
		fmt.Println(strings.Join(host.Notes, "\n"))
	default:
		fmt.Println(runtime.Version(), "decodes its types")
	}
}
