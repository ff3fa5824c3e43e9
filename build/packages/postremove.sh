#!/bin/sh
# With dpkg, purge takes along what otai has kept; rpm has no such step, and it stays. The
# user stays, so that nobody else gets its number and with it what is left.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
fi
if [ "$1" = purge ]; then
	rm -rf /var/lib/otai /var/cache/otai /var/log/otai /etc/systemd/system/otai.service.d
	rmdir /etc/otai 2>/dev/null || true
fi
