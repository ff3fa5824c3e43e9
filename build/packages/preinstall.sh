#!/bin/sh
# Before the files are there, of which some belong to the group. What is there stays.
set -e
if ! getent passwd otai >/dev/null; then
	shell=/usr/sbin/nologin
	[ -x "$shell" ] || shell=/sbin/nologin
	useradd --system --user-group --home-dir /var/lib/otai --no-create-home --shell "$shell" otai
fi
