#!/bin/sh
# Runs the tests of the modules given, each from its own folder, and ends with a line
# that says how many modules passed.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
timeout=15m
[ -z "${OTAI_TEST_ALL:-}" ] || timeout=60m
failed=0
for module in "$@"; do
	echo "== $module"
	(cd "$root/$module" && ${GO:-go} test -race -timeout $timeout ./...) || failed=$((failed + 1))
done
passed=$(($# - failed))
echo "modules: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
