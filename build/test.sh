#!/bin/sh
# Runs the tests of the modules given, each from its own folder, and ends with a line
# that says how many modules passed. The first one waits more than it computes, so the
# others run beside it, one after another; what they say comes after it.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
timeout=30m
[ -z "${OTAI_TEST_ALL:-}" ] || timeout=60m
beside=$(mktemp) failed=$(mktemp)
trap 'rm -f "$beside" "$failed"' EXIT

run() {
	for module in "$@"; do
		echo "== $module"
		(cd "$root/$module" && ${GO:-go} test -race -timeout $timeout ./...) || echo "$module" >>"$failed"
	done
}

all=$# first=$1
shift
run "$@" >"$beside" 2>&1 &
run "$first"
wait
cat "$beside"
failures=$(wc -l <"$failed")
echo "modules: $((all - failures)) passed, $failures failed"
[ "$failures" -eq 0 ]
