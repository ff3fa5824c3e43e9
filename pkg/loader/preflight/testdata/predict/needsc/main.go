// Command needsc calls a function of a C library.
package main

// int zzz(void);
import "C"

import (
	"os"

	"example.com/predict/api"
)

func init() { os.Stdout.WriteString("the plugin's code runs\n") }

// Create makes a thing.
func Create(c api.Config) api.Thing {
	if C.zzz() == 0 {
		return nil
	}
	return api.Text(c.Name)
}

func main() {}
