package params

import (
	"slices"
	"strings"
)

// shortestStem is how long a word must be to be taken as the beginning of a name.
const shortestStem = 4

// Near returns the one of the names that word was probably meant to be, or "" if none
// is similar. Case and the difference between - and _ don't count. If no name is only a
// few letters away, Near takes one that begins with word or that word begins with, then
// the only one that has word as a part, as base_url has url.
func Near(word string, of []string) string {
	best, bestDistance := "", 0
	wanted := normal(word)
	for _, name := range of {
		candidate := normal(name)
		limit := min(3, max(1, max(len(wanted), len(candidate))/3))
		distance := EditDistance(wanted, candidate)
		if distance > limit || distance >= min(len(wanted), len(candidate)) && distance > 0 {
			continue
		}
		if best == "" || distance < bestDistance {
			best, bestDistance = name, distance
		}
	}
	if best == "" {
		best = stem(string(wanted), of)
	}
	if best == "" {
		best = whole(string(wanted), of, 0)
	}
	if best == "" && len(wanted) > shortestStem {
		best = whole(string(wanted), of, 1)
	}
	return best
}

// whole returns the only name that has word as one of its words, with at most that many
// wrong letters.
func whole(word string, of []string, wrong int) string {
	found := ""
	for _, name := range of {
		if slices.ContainsFunc(strings.Split(string(normal(name)), "_"), func(part string) bool {
			return part == word || wrong > 0 && len(part) > shortestStem && EditDistance([]rune(part), []rune(word)) <= wrong
		}) {
			if found != "" {
				return ""
			}
			found = name
		}
	}
	return found
}

// stem returns the name that shares the longest beginning with word, where one of
// the two is that beginning.
func stem(word string, of []string) string {
	best, longest := "", shortestStem-1
	for _, name := range of {
		candidate := string(normal(name))
		shared := min(len(word), len(candidate))
		if shared > longest && word[:shared] == candidate[:shared] {
			best, longest = name, shared
		}
	}
	return best
}

func normal(name string) []rune {
	return []rune(strings.ReplaceAll(strings.ToLower(name), "-", "_"))
}

// EditDistance returns how many letters must be inserted, deleted, replaced or swapped
// with their neighbor to make b from a: the restricted Damerau-Levenshtein distance.
func EditDistance(a, b []rune) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
