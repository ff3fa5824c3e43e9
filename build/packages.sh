#!/bin/sh
# Makes the packages of what `make build` built, and the checksums of the release's files:
# build/dist/otai_VERSION_ARCH.deb, otai-VERSION-1.ARCH.rpm and SHA256SUMS. Equal sources yield equal bytes.
set -eu
umask 022
export LC_ALL=C TZ=UTC
root=$(cd "$(dirname "$0")/.." && pwd)
version=$1
go=${GO:-go}
dist=${DIST:-"$root/build/dist"}
committed=$(git -C "$root" log -1 --format=%ct 2>/dev/null || true)
epoch=${SOURCE_DATE_EPOCH:-${committed:-315532800}}
stage="$dist/packages"
rm -rf "$stage"
mkdir -p "$stage/doc" "$root/build/dist/tools"
(cd "$root/tools/packages" && CGO_ENABLED=0 $go build -o "$root/build/dist/tools/packages" .)
for shell in bash fish; do
	"$dist/bin/otai" completion $shell >"$stage/otai.$shell"
done
"$dist/bin/otai" completion zsh >"$stage/_otai"
# A package has its files under /usr, not /usr/local.
sed -e 's|/usr/local/share/otai/docs|/usr/share/doc/otai/docs|' -e 's|/usr/local/|/usr/|' "$root/build/otai.service" >"$stage/otai.service"
cp -R "$root/docs" "$root/examples" "$root/build/monitoring" "$root/README.md" "$root/CHANGELOG.md" "$root/THIRD_PARTY_LICENSES" "$stage/doc/"
cp "$root/LICENSE" "$stage/doc/copyright"
find "$stage/doc" -name '*.go' -delete
"$root/build/dist/tools/packages" build "$root" "$dist" "$stage" "$version" "$($go env GOARCH)" "$epoch"
rm -rf "$stage"
cd "$dist"
sha256sum -- otai?"$version"* | grep -v '\.minisig$' >SHA256SUMS
echo "$dist/SHA256SUMS"
