package search

import "testing"

// What Znuny 6.5.15 found with these conditions in a column of this content.
func TestASearchReadsConditionsAsTheServersDo(t *testing.T) {
	for _, c := range []struct {
		text, condition string
		want            bool
	}{
		{"A+B (EU) & Co", "A+B (EU) & Co", false},
		{"A+B (EU) & Co", `"A+B (EU) & Co"`, true},
		{"A+B (EU) & Co", `"a+b (EU) &*"`, true},
		{"Research AND Development", "Research AND Development", false},
		{"Research AND Development", `"Research AND Development"`, true},
		{`say "hi"`, `say "hi"`, false},
		{"max+test@example.com", "max+test@example.com", false},
		{"max+test@example.com", `"max+test@example.com"`, true},
		{"a|b && c", `"a|b && c"`, true},
		{`Drucker (neu) + Toner  AND "HP" !`, `"Drucker (neu)%"`, true},
		{`Drucker (neu) + Toner  AND "HP" !`, "Drucker (neu)%", false},
		{"example.com", "example.com", true},
		{"example.com", "EXAMPLE.*", true},
		{"vpn and wlan", "*vpn* && *wlan*", true},
		{"vpn", "*vpn* && *wlan*", false},
		{"vpn", "*wlan* || *vpn*", true},
		{"vpn", "(*wlan*||*vpn*)", true},
		{"vpn", "!wlan", true},
		{"vpn", "!vpn", false},
		{"vpn", "vpn && vpn || vpn", true},
		{"vpn", "vpn OR nothing", true},
		{"vpn", "(vpn", false},
	} {
		if got := meets(c.text, c.condition); got != c.want {
			t.Errorf("%q against %q: %t", c.text, c.condition, got)
		}
	}
}
