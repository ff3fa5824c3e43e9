package main

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode"
)

// zoneAliases are zones by what people call them.
var zoneAliases = map[string]string{
	"wien": "Europe/Vienna", "rom": "Europe/Rome", "prag": "Europe/Prague", "warschau": "Europe/Warsaw", "moskau": "Europe/Moscow", "kopenhagen": "Europe/Copenhagen",
	"brüssel": "Europe/Brussels", "bruessel": "Europe/Brussels", "luxemburg": "Europe/Luxembourg", "zürich": "Europe/Zurich", "zuerich": "Europe/Zurich", "bern": "Europe/Zurich", "genf": "Europe/Zurich",
	"lissabon": "Europe/Lisbon", "athen": "Europe/Athens", "bukarest": "Europe/Bucharest", "mailand": "Europe/Rome", "belgrad": "Europe/Belgrade", "kiew": "Europe/Kyiv",
	"münchen": "Europe/Berlin", "muenchen": "Europe/Berlin", "munich": "Europe/Berlin", "hamburg": "Europe/Berlin", "frankfurt": "Europe/Berlin", "köln": "Europe/Berlin", "koeln": "Europe/Berlin", "bonn": "Europe/Berlin",
	"deutschland": "Europe/Berlin", "germany": "Europe/Berlin", "österreich": "Europe/Vienna", "oesterreich": "Europe/Vienna", "austria": "Europe/Vienna", "schweiz": "Europe/Zurich", "switzerland": "Europe/Zurich",
	"mez": "Europe/Berlin", "mesz": "Europe/Berlin", "cest": "Europe/Berlin", "utc+1": "Europe/Berlin", "utc+01:00": "Europe/Berlin", "utc+2": "Europe/Berlin", "gmt+1": "Europe/Berlin", "+01:00": "Europe/Berlin", "+02:00": "Europe/Berlin",
	"z": "UTC", "gmt": "UTC", "utc+0": "UTC", "bst": "Europe/London", "est": "America/New_York", "edt": "America/New_York", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles",
}

// zoneFolders are where systems keep their time zones.
var zoneFolders = []string{"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"}

// checkZone says what is wrong with the name of a time zone, and suggests another.
func checkZone(name string) error {
	_, err := time.LoadLocation(name)
	if err == nil {
		return nil
	}
	if _, none := time.LoadLocation("Europe/Berlin"); none != nil {
		return fmt.Errorf("%q can't be read: this machine has no time zones (install its package tzdata, or write UTC)", name)
	}
	if near := suggestZone(name); near != "" {
		return fmt.Errorf("%q is not a time zone (write %s)", name, near)
	}
	return fmt.Errorf("%q is not a time zone (write one such as UTC or Europe/Berlin)", name)
}

// suggestZone is the zone whose name is nearest, "" if none is near.
func suggestZone(name string) string {
	name = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), " ", "_"))
	city := name[strings.LastIndex(name, "/")+1:]
	if zone := zoneAliases[city]; zone != "" {
		return zone
	}
	found, best := "", 3
	for _, folder := range zoneFolders {
		_ = fs.WalkDir(os.DirFS(folder), ".", func(zone string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil || zone == "posix" || zone == "right":
				return fs.SkipDir
			case entry.IsDir() || !unicode.IsUpper(rune(zone[0])):
				return nil
			}
			lower := strings.ToLower(zone)
			distance := editDistance(name, lower)
			if _, last, _ := strings.Cut(lower, "/"); last == city || lower == name {
				distance = 0
			}
			if distance < best {
				found, best = zone, distance
			}
			return nil
		})
		if found != "" {
			break
		}
	}
	return found
}

// editDistance counts insertions, deletions and substitutions; more than 2 are 3.
func editDistance(a, b string) int {
	if len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return 3
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
