#!/bin/sh
# Packs what `make build` built: build/dist/NAME.tar.gz, ready to unpack and run, and
# beside it NAME.cdx.json, what it is made of. Equal sources yield equal bytes: the time
# is that of the commit (SOURCE_DATE_EPOCH), and owners, modes and order are fixed.
set -eu
umask 022
export LC_ALL=C TZ=UTC
root=$(cd "$(dirname "$0")/.." && pwd)
name=$1
go=${GO:-go}
dist=${DIST:-"$root/build/dist"}
committed=$(git -C "$root" log -1 --format=%ct 2>/dev/null || true)
epoch=${SOURCE_DATE_EPOCH:-${committed:-315532800}} # 1980, where nothing says
stage="$dist/$name"
rm -rf "$stage"
mkdir -p "$stage/bin" "$stage/plugins" "$root/build/dist/tools"
(cd "$root/tools" && $go build -o "$root/build/dist/tools/" ./thirdparty)
"$root/build/dist/tools/thirdparty" licenses -check "$root"
cp "$dist/bin/otai" "$stage/bin/"
cp "$dist"/plugins/otai_*.so "$stage/plugins/"
# What a checkout contains, not what an editor left there.
if ! (cd "$root" && git ls-files -z --error-unmatch examples docs 2>/dev/null | tar --null -cf - --files-from=- | tar -xf - -C "$stage") 2>/dev/null || [ ! -d "$stage/docs" ]; then
	cp -R "$root/examples" "$root/docs" "$stage/"
fi
find "$stage/examples" -name '*.go' -delete
cp -R "$root/build/monitoring" "$stage/"
cp "$root/LICENSE" "$root/THIRD_PARTY_LICENSES" "$root/README.md" "$root/CHANGELOG.md" "$root/build/otai.service" "$stage/"
(cd "$stage" && find . -type f ! -name SHA256SUMS | sort | xargs sha256sum >SHA256SUMS)
find "$stage" -type d -exec chmod 755 {} +
find "$stage" -type f -exec chmod 644 {} +
chmod 755 "$stage/bin/otai" "$stage"/plugins/*.so
tar -C "$dist" --format=gnu --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -n >"$dist/$name.tar.gz"
"$root/build/dist/tools/thirdparty" sbom -version "$(cat "$root/VERSION")" -time "$epoch" "$root" "$stage/bin/otai" "$stage"/plugins/otai_*.so >"$dist/$name.cdx.json"
rm -rf "$stage"
printf '%s\n' "$dist/$name.tar.gz" "$dist/$name.cdx.json"
