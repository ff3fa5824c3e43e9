#!/bin/sh
# dpkg says `remove`, rpm 0, where it is the last version.
set -e
case "$1" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl --no-reload disable --now otai.service || true
	fi
	;;
esac
