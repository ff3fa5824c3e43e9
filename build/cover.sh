#!/usr/bin/env bash
# Prints which part of each package's statements the tests run, what binaries do that
# they build included, and fails where it is below the first argument (in percent).
# The binaries count the host's packages; see goBuild in cmd/otai/build_test.go.
set -euo pipefail
least=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
go=${GO:-go}
out="$root/build/dist/cover"
rm -rf "$out"
mkdir -p "$out/binaries"
chmod 0777 "$out/binaries" # tests run the binary as other users, too
number=0
failed=
for module in "$@"; do
	number=$((number + 1))
	echo "== $module"
	(cd "$root/$module" && OTAI_TEST_COVER="$out/binaries" $go test -timeout 30m -covermode=atomic -coverpkg=./... -coverprofile="$out/$number.txt" ./...) || failed="$failed $module"
done
$go tool covdata textfmt -i "$out/binaries" -o "$out/binaries.txt"
# A line is FILE:BLOCK STATEMENTS COUNT; a block counts once, however often it stands there.
cat "$out"/*.txt | grep -v '^mode:' | awk -v least="$least" '
	{ statements[$1] = $2; if ($3 > 0) ran[$1] = 1 }
	END {
		for (block in statements) {
			package = block
			sub("/[^/]*$", "", package)
			all[package] += statements[block]
			if (block in ran) covered[package] += statements[block]
		}
		for (package in all) {
			if (package ~ /testhost$|catalogtest$|hubtest$|recorded$|benchhf$/) continue # helpers of tests and benchmarks
			if (package ~ /onnx$/ && ENVIRON["OTAI_ONNXRUNTIME"] == "") { print "skipped: " package " needs OTAI_ONNXRUNTIME, the path of libonnxruntime.so"; continue }
			percent = 100 * covered[package] / all[package]
			printf "%5.1f %% of %5d  %s%s\n", percent, all[package], package, percent < least ? "  too little" : "" | "sort -n"
			if (percent < least) failed = 1
		}
		close("sort -n")
		exit failed
	}'
[ -z "$failed" ] || { echo "tests failed in:$failed"; exit 1; }
