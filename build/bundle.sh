#!/bin/sh
# Packs what `make build` built: build/dist/NAME.tar.gz, ready to unpack and run.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
name=$1
dist=${DIST:-"$root/build/dist"}
stage="$dist/$name"
rm -rf "$stage"
mkdir -p "$stage/bin" "$stage/plugins"
cp "$dist/bin/otai" "$stage/bin/"
cp "$dist"/plugins/otai_*.so "$stage/plugins/"
cp -R "$root/examples" "$root/docs" "$stage/"
find "$stage/examples" -name '*.go' -delete
cp "$root/LICENSE" "$root/README.md" "$root/CHANGELOG.md" "$root/build/otai.service" "$stage/"
(cd "$stage" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
chmod -R u=rwX,go=rX "$stage" # whatever the umask here: all are to read what root unpacks
tar -C "$dist" --sort=name --owner=0 --group=0 --numeric-owner -czf "$dist/$name.tar.gz" "$name"
rm -rf "$stage"
echo "$dist/$name.tar.gz"
