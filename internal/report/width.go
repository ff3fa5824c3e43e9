package report

import (
	"strings"
	"unicode"
)

// columns is how many columns of a terminal a text takes.
func columns(text string) (n int) {
	for _, r := range text {
		n += runeColumns(r)
	}
	return n
}

// runeColumns is 2 for what is as wide as high, as Chinese and emoji are, and 0 for what is drawn
// onto its neighbor.
func runeColumns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul), r >= 0x3000 && r <= 0x303e, r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	return 1
}

// MiddleOut shortens a text to at most that many columns by leaving out its middle: names of one kind
// begin alike.
func MiddleOut(text string, most int) string {
	if columns(text) <= most {
		return text
	}
	head := most * 2 / 5
	tail := []rune(text[len(beginning(text, head, runeColumns)):])
	room := most - head - 1
	at := len(tail)
	for at > 0 && room >= runeColumns(tail[at-1]) {
		at--
		room -= runeColumns(tail[at])
	}
	for at < len(tail) && runeColumns(tail[at]) == 0 { // it belongs to what is left out
		at++
	}
	return beginning(text, head, runeColumns) + "…" + string(tail[at:])
}

// shorten shortens a text to a width by leaving out its end.
func shorten(text string, most int, width func(rune) int) string {
	sum := 0
	for _, r := range text {
		sum += width(r)
	}
	if sum <= most {
		return text
	}
	return beginning(text, most-width('…'), width) + "…"
}

// beginning is as much of a text as has room.
func beginning(text string, room int, width func(rune) int) string {
	return text[:len(text)-len(strings.TrimLeftFunc(text, func(r rune) bool {
		room -= width(r)
		return room >= 0
	}))]
}

// pixels is how wide a letter of a chart is at most, nearly: fonts differ.
func pixels(r rune) int {
	switch n := runeColumns(r); {
	case n != 1:
		return n * 7
	case strings.ContainsRune("WMmw@%—…→", r):
		return 13
	case unicode.IsUpper(r):
		return 10
	}
	return 8
}
