#!/bin/sh
# What depends on the release of Go, with another one than is installed: builds host and
# plugins, sorts the demonstration's tickets, compares preflight's predictions with
# plugin.Open, and runs the zoo, of files and of code. Continuous integration tries a row of
# each kind of cause. With OTAI_TEST_ALL=1 it is all rows, and beside them hosts that can't
# open plugins, plugins beside each other, the cures as they are printed, the conformance
# kit, and what reads the traces of Go's runtime. Without the race detector, for time.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
go=${GO:-go}
dist="build/dist/$($go env GOVERSION)"
make build DIST="$dist"
"$dist/bin/otai" version
"$dist/bin/otai" demo
tests='TestNoPlugin|TestOneOfSeveralFolders|TestAPlugin|TestAHostThatCanNot|TestEveryCure'
packages='./pkg/loader/... ./internal/plugindev'
if [ -n "${OTAI_TEST_ALL:-}" ]; then
	tests="$tests|TestThirdPartyPlugins|TestWhoNeedsALaterVersion|TestTheBundledPlugins|TestTheFoldersInForce|TestTheAPILevel|TestTheCureOf|TestTheZoo|TestMakeRefuses|TestTheHostsPaths|TestTheGoSettings|TestAMissingModule|TestANewPlugin|TestWhatBindsPlugins|TestOnlyRunOpens|TestAReport"
	packages="$packages ./internal/supervise/... ./internal/orphans"
	(cd pkg/params && $go test -count=1 ./...)
fi
$go test -count=1 -timeout 60m $packages
OTAI_TEST_ROWS=causes $go test -count=1 -timeout 60m -run "$tests" ./cmd/otai
rm -rf "$dist"
