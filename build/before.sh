#!/bin/sh
# Builds 0.1.0, the release before runs, from this repository's history, and prints the
# folder with its bin/otai and plugins/*.so. What is built stays for the next time.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
to="$root/build/dist/before"
if [ ! -e "$to/done" ]; then
	mkdir -p "$to"
	git -C "$root" archive ccac05941c8d6c256ef74985a11536dca5de29d6 | tar -x -C "$to"
	make -s -C "$to" build >&2
	touch "$to/done"
fi
echo "$to/build/dist"
