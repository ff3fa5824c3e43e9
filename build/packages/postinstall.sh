#!/bin/sh
# dpkg calls it with `configure` and the version that was there before, rpm with the number of versions.
# Nothing is started that wasn't: there may be no configuration yet.
set -e
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
case "$1 $2" in
"configure "?* | "2 "*)
	systemctl try-restart otai.service || echo 'otai was not started again: see journalctl -u otai -p err' >&2
	;;
esac
