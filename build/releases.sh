#!/bin/sh
# Runs a command with each release of build/go-releases but the installed one, by
# GOTOOLCHAIN; with -last only with the last of them. A release that can't be had is
# skipped, which the last line says; with OTAI_REQUIRE_GO_RELEASES=1 that is an error.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
releases=$(grep -v '^#' "$root/build/go-releases")
installed=$(${GO:-go} env GOVERSION)
releases=$(for r in $releases; do [ "go$r" = "$installed" ] || echo "$r"; done)
if [ "$1" = -last ]; then
	releases=$(printf '%s\n' "$releases" | tail -n 1)
	shift
fi
failed='' skipped=''
for r in $releases; do
	export GOTOOLCHAIN="go$r"
	if ! why=$(${GO:-go} version 2>&1); then
		skipped="$skipped GO $r NOT TESTED: it is not installed and can't be fetched ($why)."
		continue
	fi
	echo "== Go $r"
	"$@" || failed="$failed $r"
done
[ -z "$skipped" ] || echo "$skipped" >&2
[ -z "$failed" ] || echo "failed with Go$failed" >&2
[ -z "$failed" ] && { [ -z "$skipped" ] || [ "${OTAI_REQUIRE_GO_RELEASES:-}" != 1 ]; }
