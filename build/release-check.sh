#!/bin/sh
# What continuous integration does with another release of Go than the installed one:
# builds host and plugins, sorts the demonstration's tickets, compares preflight's
# predictions with plugin.Open, and runs the zoo. Without the race detector, for time.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
dist="build/dist/$(${GO:-go} env GOVERSION)"
make build DIST="$dist"
"$dist/bin/otai" version
"$dist/bin/otai" demo
${GO:-go} test -count=1 ./pkg/loader/... ./internal/plugindev
OTAI_TEST_ROWS=causes ${GO:-go} test -count=1 -timeout 20m -run 'TestNoPlugin|TestOneOfSeveralFolders|TestAPlugin|TestAHostThatCanNot|TestEveryCure' ./cmd/otai
rm -rf "$dist"
