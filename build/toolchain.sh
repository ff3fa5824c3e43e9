#!/bin/sh
# Refuses releases of Go that break plugins, before anything is built with them. The host
# refuses them, too, when it starts (pkg/loader/preflight/host.go).
set -eu
release=$(${GO:-go} env GOVERSION)
case "${release%%-X:*}" in
go1.27.0 | go1.27.1)
	echo "make: bad-toolchain: $release takes types for others once several plugins are open (golang/go#81303); build with: GOTOOLCHAIN=go$(tail -n 1 "$(dirname "$0")/go-releases") make" >&2
	exit 1
	;;
esac
