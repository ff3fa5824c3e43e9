package plugintest_test

import (
	"flag"
	"testing"
)

// passes runs a test within an example. It says nothing of its own, also under -v,
// whose lines would be taken for the example's.
func passes(test func(t *testing.T)) bool {
	verbose := flag.Lookup("test.v").Value.String()
	_ = flag.Set("test.v", "false")
	defer func() { _ = flag.Set("test.v", verbose) }()
	all := func(_, _ string) (bool, error) { return true, nil }
	return testing.RunTests(all, []testing.InternalTest{{Name: "TestInExample", F: test}})
}
