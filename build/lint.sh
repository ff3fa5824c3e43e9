#!/bin/sh
# Checks the modules given: formatting, spelling and vocabulary, go vet, staticcheck, that
# nothing decides by the text of a message, that modules which end up in one process agree
# about versions, and that the licenses of what is linked are known, allowed and in
# THIRD_PARTY_LICENSES.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
go=${GO:-go}
bin="$root/build/dist/tools"
mkdir -p "$bin"
(cd "$root/tools" && $go build -o "$bin/" mvdan.cc/gofumpt honnef.co/go/tools/cmd/staticcheck ./messagetext ./modcheck ./thirdparty ./words)

unformatted=$(cd "$root" && git ls-files -co --exclude-standard '*.go' | grep -v /testdata/ | xargs grep -L '^// Code generated .* DO NOT EDIT' | xargs "$bin/gofumpt" -l)
if [ -n "$unformatted" ]; then
	printf 'not formatted; run build/dist/tools/gofumpt -w on:\n%s\n' "$unformatted"
	exit 1
fi
"$bin/words" "$root/build/words.txt" "$root"
for module in "$@"; do
	echo "== $module"
	(cd "$root/$module" && $go vet ./... && "$bin/staticcheck" ./... && "$bin/messagetext" ./...)
done
cd "$root" && "$bin/modcheck" "$@"
"$bin/thirdparty" licenses -check "$root"
