#!/bin/sh
# Runs the rows of the table of what 0.1.0 did (cmd/otai/rows_test.go) against another
# binary, and prints the figures of each: rows-against.sh FOLDER, in which there are
# bin/otai and plugins/*.so, as `make build` of that version leaves them in build/dist.
# build/before.sh builds 0.1.0 and prints its folder.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
dist=$(cd "${1:?name the folder with bin/otai and plugins}" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cd "$root"
OTAI_TEST_DIST=$dist ${GO:-go} test ./cmd/otai -run '^TestRow' -count=1 -timeout 30m -v >"$log" 2>&1 || true
"$dist/bin/otai" version 2>/dev/null | head -n 1
grep -E 'row: ' "$log" | sed 's/^.*row: /  /'
echo
grep -E '^ *--- (PASS|FAIL|SKIP): ' "$log" | sed 's/^ *--- //'
