package preflight_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// A file can be read without any host. What is wrong with it comes with a code
// for programs, and a cause and a remedy for people.
func ExampleRead() {
	file, err := os.CreateTemp("", "*.so")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file.Name())
	fmt.Fprintln(file, "404 page not found")
	file.Close()

	_, err = preflight.Read(file.Name())
	rejection := (*preflight.Error)(nil)
	if errors.As(err, &rejection) {
		fmt.Printf("%s: the file %s\n%s\n", rejection.Code, rejection.Cause, rejection.Fix)
	}
	// Output:
	// not-elf: the file is not an ELF file: it begins with "404 page not found\n"
	// build it with: go build -trimpath -buildmode=plugin
}

// A host checks each file before plugin.Open, and reports what became of it. Here
// the host is another binary; a host itself begins with ThisProcess.
func ExampleProcess_Check() {
	if err := workshop.core(); err != nil { // builds the host and the plugins
		fmt.Println(err)
		return
	}
	host, err := preflight.Read(built("host-trimpath"))
	if err != nil {
		fmt.Println(err)
		return
	}
	process, err := preflight.NewProcess(host)
	if err != nil {
		fmt.Println(err)
		return
	}
	wanted := preflight.Symbol{
		Name: "Create", // a host writes preflight.TypeName(reflect.TypeFor[func(api.Config) api.Thing]())
		Type: "func(example.com/predict/api.Config) example.com/predict/api.Thing",
	}
	for _, name := range []string{"trimpath.so", "stripped.so", "plain.so", "other-type.so"} {
		image, err := preflight.Read(built(name))
		if err == nil {
			err = process.Check(image, wanted)
		}
		rejection := (*preflight.Error)(nil)
		if errors.As(err, &rejection) {
			fmt.Printf("%s is refused: %s\n", name, rejection.Code)
			continue
		}
		// Here a host calls plugin.Open, and process.Failed when that fails.
		process.Opened(image)
		fmt.Printf("%s exports %s\n", name, image.Exports["Create"].Type)
	}
	// Output:
	// trimpath.so exports func(example.com/predict/api.Config) example.com/predict/api.Thing
	// stripped.so is refused: plugin-path-in-use
	// plain.so is refused: build-settings
	// other-type.so is refused: wrong-symbol-type
}

// A rejection lists every package that differs, with what fixes it.
func ExampleError() {
	if err := workshop.core(); err != nil {
		fmt.Println(err)
		return
	}
	host, err := preflight.Read(built("host-trimpath"))
	if err != nil {
		fmt.Println(err)
		return
	}
	process, err := preflight.NewProcess(host)
	if err != nil {
		fmt.Println(err)
		return
	}
	image, err := preflight.Read(built("other-dep.so"))
	if err != nil {
		fmt.Println(err)
		return
	}
	rejection := (*preflight.Error)(nil)
	if errors.As(process.Check(image), &rejection) {
		for _, d := range rejection.Differences {
			fmt.Printf("%s of module %s: %s here, %s in the host\n", d.Package, d.Module, d.Plugin.Version, d.Host.Version)
			fmt.Println(d.Fix)
		}
	}
	// Output:
	// example.org/dep of module example.org/dep: v1.1.0 here, v1.0.0 in the host
	// the sources or their recorded paths differ: build without go.work, with the same version of the module in require and, where it is replaced, the same sources
}

func ExampleTypeName() {
	fmt.Println(preflight.TypeName(reflect.TypeFor[func(*preflight.Image, ...string) error]()))
	// Output: func(*github.com/open-ticket-ai/otai/pkg/loader/preflight.Image, ...string) error
}
