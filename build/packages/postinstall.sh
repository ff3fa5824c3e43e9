#!/bin/sh
# dpkg calls it with `configure` and the version that was there before, rpm with the number of versions.
# Nothing is started that wasn't: there may be no configuration yet.
set -e
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
case "$1 $2" in
"configure "?* | "2 "*)
	# `otai reload` as the service's user: the new version takes over, or the one before works on.
	systemctl try-reload-or-restart otai.service || {
		echo 'otai: the new version has not taken over, and the one before works on. The reason: journalctl -u otai -p err'
		echo 'otai: when it is gone: systemctl reload otai'
	} >&2
	;;
esac
