#!/bin/sh
# Runs the tests of the modules given, each from its own folder, and ends with a line
# that says how much of it passed. cmd/otai waits more than it computes, so the others run
# beside it, one after another; what they say comes after it.
#
# The race detector costs several times what it watches. So it watches the packages whose own code
# shares anything between goroutines, and not those whose tests drive other processes, which it doesn't
# see, or do one thing after another. internal/runs, whose largest tests take too long with it, is tried
# without it, too, unless OTAI_TEST_ALL or OTAI_TEST_CHAOS has these done with it.
# Vet is left to build/lint.sh, and what is linked for a test has no use for symbols. What is tried without
# the race detector is of the same packages that `make build` has compiled.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
go=${GO:-go} timeout=45m how=-trimpath
[ -z "${OTAI_TEST_ALL:-}" ] || timeout=60m
beside=$(mktemp) failed=$(mktemp)
trap 'rm -f "$beside" "$failed"' EXIT

tests() { $go test -vet=off -ldflags=-s -timeout $timeout "$@"; }

unshared='/otai/(cmd/otai|internal/plugindev|internal/runs/sqlstore|pkg/loader)$'
both='/otai/internal/runs$'
[ -z "${OTAI_TEST_ALL:-}${OTAI_TEST_CHAOS:-}" ] || both='^$'

# sharing prints the packages of the module here that the race detector watches.
sharing() {
	$go list -f '{{.ImportPath}} {{.Dir}}' ./... | while read -r package dir; do
		echo "$package" | grep -qE "$unshared" && continue
		find "$dir" -maxdepth 1 -name '*.go' ! -name '*_test.go' \
			-exec grep -qE '^(import |[[:space:]])"sync(/atomic)?"$|^[[:space:]]*go [a-zA-Z_.]+\(|\.AfterFunc\(' {} + && echo "$package"
	done
}

module() {
	all=$($go list ./... | grep -v '/otai/cmd/otai$')
	watched=$(sharing)
	others=$(printf '%s\n' $all | grep -vxF "${watched:-none}"; printf '%s\n' $watched | grep -E "$both")
	ended=0
	[ -z "$watched" ] || tests -race $watched || ended=1
	[ -z "$others" ] || tests $how $others || ended=1
	return $ended
}

others() {
	for m in "$@"; do
		echo "== $m"
		(cd "$root/$m" && module) || echo "$m" >>"$failed"
	done
}

others "$@" >"$beside" 2>&1 &
echo '== cmd/otai'
(cd "$root" && tests $how ./cmd/otai) || echo cmd/otai >>"$failed"
wait
cat "$beside"
all=$(($# + 1)) failures=$(wc -l <"$failed")
echo "modules and cmd/otai: $((all - failures)) passed, $failures failed"
[ "$failures" -eq 0 ]
