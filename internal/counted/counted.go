// Package counted says how many there are of something, for people.
package counted

import "strconv"

// Of is "1 ticket", or "2 tickets": one or many behind a number.
func Of(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
