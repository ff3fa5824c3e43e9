#!/bin/sh
# Runs the tests of the modules given, each from its own folder, and ends with a line
# that says how much of it passed. cmd/otai waits more than it computes, so the others run
# beside it, one after another; what they say comes after it.
#
# What is tried in cmd/otai are other processes. The race detector would watch only the test
# that drives them, at several times its cost, so that it is for OTAI_TEST_ALL; there a host
# that was built with it is tried, too.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
go=${GO:-go} timeout=30m raced=
[ -z "${OTAI_TEST_ALL:-}" ] || timeout=60m raced=-race
beside=$(mktemp) failed=$(mktemp)
trap 'rm -f "$beside" "$failed"' EXIT

others() {
	for module in "$@"; do
		echo "== $module"
		(cd "$root/$module" && $go test -race -timeout $timeout $($go list ./... | grep -v '/otai/cmd/otai$')) || echo "$module" >>"$failed"
	done
}

others "$@" >"$beside" 2>&1 &
echo '== cmd/otai'
(cd "$root" && $go test $raced -timeout $timeout ./cmd/otai) || echo cmd/otai >>"$failed"
wait
cat "$beside"
all=$(($# + 1)) failures=$(wc -l <"$failed")
echo "modules and cmd/otai: $((all - failures)) passed, $failures failed"
[ "$failures" -eq 0 ]
