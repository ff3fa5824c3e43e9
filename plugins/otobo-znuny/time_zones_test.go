package main

import (
	"strings"
	"testing"
	"time"
)

func TestForAWrongTimeZoneAnotherIsSuggested(t *testing.T) {
	if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
		t.Skip("this machine has no time zones")
	}
	for name, want := range map[string]string{
		"Europe/Wien": "write Europe/Vienna", "europe/berlin ": "write Europe/Berlin", "Berlin": "write Europe/Berlin", "Europa/Berlin": "write Europe/Berlin",
		"Europe/Belrin": "write Europe/Berlin", "MESZ": "write Europe/Berlin", "America/New York": "write America/New_York", "Mars/Base": "such as UTC",
	} {
		if err := checkZone(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", name, err, want)
		}
	}
	for name, zone := range zoneAliases {
		if _, err := time.LoadLocation(zone); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
