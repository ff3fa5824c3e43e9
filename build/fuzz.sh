#!/bin/sh
# Runs every fuzz target of the modules given, each for the time given first.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
go=${GO:-go}
time=$1
shift
for module in "$@"; do
	cd "$root/$module"
	for package in $($go list ./...); do
		for target in $($go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
			echo "== $package $target"
			$go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x "$package"
		done
	done
done
