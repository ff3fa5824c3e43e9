package onig

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func find(t *testing.T, pattern, text string) []string {
	t.Helper()
	p, err := Compile(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	p.Each(text, func(begin, end int) { all = append(all, text[begin:end]) })
	return all
}

// The answers are those of Oniguruma 6.9, asked through HuggingFace tokenizers.
func TestPatternsFindWhatOnigurumaFinds(t *testing.T) {
	tests := map[string]struct {
		pattern, text string
		want          []string
	}{
		"the first alternative wins":           {`a|ab`, "abab", []string{"a", "a"}},
		"look-ahead that must not match":       {`\s+(?!\S)|\s+`, "a   b ", []string{"  ", " ", " "}},
		"look-behind":                          {`(?<=ä)b|(?<!x)y`, "äbxyy", []string{"b", "y"}},
		"possessive: nothing is given back":    {`a++b|a`, "aaac", []string{"a", "a", "a"}},
		"possessive with a match":              {`a++b`, "aab", []string{"aab"}},
		"counted":                              {`\d{1,3}`, "1234", []string{"123", "4"}},
		"at most":                              {`x{,2}y`, "xxxy", []string{"xxy"}},
		"lazy":                                 {`a+?`, "aa", []string{"a", "a"}},
		"lazy up to":                           {`a*?b`, "aab", []string{"aab"}},
		"without capitals":                     {`(?i:'ll)|(?i)k`, "'LL\u212a", []string{"'LL", "\u212a"}},
		"classes of both":                      {`[\p{L}&&[^a-m]]+`, "abnoäz", []string{"noäz"}},
		"POSIX classes":                        {`[[:punct:]]+|[[:^space:]]`, "a+! b", []string{"a", "+!", "b"}},
		"begin and end of the text":            {`\A +| +\z`, "  a b  ", []string{"  ", "  "}},
		"lines":                                {`^a|b$`, "a\nab\nb", []string{"a", "a", "b", "b"}},
		"edges of words":                       {`\bist\b`, "ist bist", []string{"ist"}},
		"empty matches, not beside another":    {`a*`, "baab", []string{"", "aa", ""}},
		"a digit that is a letter":             {`\w+|[^\w\s]+`, "x½", []string{"x½"}},
		"a digit that is not a letter":         {`[\w]+`, "x½", []string{"x"}},
		"characters by number":                 {`\x41|\x{e4}|\u00df`, "Aäß", []string{"A", "ä", "ß"}},
		"a point is not a line end":            {`.+`, "a\nb", []string{"a", "b"}},
		"a point is one with (?m)":             {`(?m:.+)`, "a\nb", []string{"a\nb"}},
		"options hold for what follows":        {`a(?i)b|c`, "aBaC", []string{"aB", "aC"}},
		"a brace that is not a repetition":     {`a{b}`, "a{b}", []string{"a{b}"}},
		"nested repetition gives back":         {`(?:ab|a)*c`, "abaac", []string{"abaac"}},
		"atomic":                               {`(?>ab|a)c|ab`, "abc ab", []string{"abc", "ab"}},
		"characters that came with Unicode 16": {`\p{Lu}`, "\U00010d50", []string{"\U00010d50"}},
		"unassigned":                           {`\p{Cn}`, "a\u0378", []string{"\u0378"}},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			if got := find(t, c.pattern, c.text); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatIsNotSupportedIsNamed(t *testing.T) {
	for pattern, says := range map[string]string{
		`(a)\1`: `\1`, `\R`: `\R`, `\X`: `\X`, `(?<=a+)b`: "any length", `(?<=aa|b|c{1,2})x`: "different lengths",
		`(?=a*)b`: "any length", `(?:a*)*`: "may be empty", `(?>(?:a+b)*)`: "possessive group", `\p{Klingon}`: "Klingon",
		`[[:nope:]]`: "nope", `(?i)ß`: "ß", `[b-a]`: "range", `(a`: "without )", `a)`: "without (", `[a`: "without ]",
		`*a`: "repeats nothing", `a{3,2}`: "{3,2}", `(?~a)`: "(?~", `\`: "at the end", `\x{110000}`: "110000",
		strings.Repeat("(", 200): "nested too deep", `(?:(?:a{900}){900}){9}`: "too large", "\xff": "UTF-8",
	} {
		_, err := Compile(pattern)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, which doesn't say %q", pattern, err, says)
		}
	}
}

// A backtracking matcher without memory needs the square of the length, or worse.
func TestALongTextIsSearchedInOneGo(t *testing.T) {
	size := 1 << 14
	if os.Getenv("OTAI_TEST_ALL") != "" {
		size = 1 << 19
	}
	for _, c := range [][2]string{
		{`\s+x`, " "}, {`\s++x`, " "}, {`(?:a|b|ab)*c`, "ab"}, {`(?:a|aa)+$b`, "a"}, {`[^\r\n\p{L}]*\p{L}+!`, "ab "}, {`a*a*a*b`, "a"},
	} {
		if got := find(t, c[0], strings.Repeat(c[1], size)); got != nil {
			t.Errorf("%s finds %d", c[0], len(got))
		}
	}
}

func TestRememberingFailuresChangesNothing(t *testing.T) {
	texts := []string{"it's   12345 äöü\n\n x", "aaaabaaacab abab", "  a  b\t\t\n c", strings.Repeat("ab ", 20) + "c", "abcabcc"}
	patterns := []string{
		`'s|'t| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`, `a*`, `(?:a|ab)*c?`, `\s*[\r\n]+|\s+(?!\S)|\s`, `a*?b|a++`, `(?:ab|a|b)+?c|a*`, `\b|\s+`, `(?>ab|a)c*|b*`,
	}
	for _, pattern := range patterns {
		p, err := Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			all := func(budget int) (found []string) {
				p.each(text, budget, func(begin, end int) { found = append(found, fmt.Sprint(begin, end)) })
				return found
			}
			if without, with := all(1<<30), all(0); !slices.Equal(without, with) {
				t.Errorf("%s in %q: %v without, %v with", pattern, text, without, with)
			}
		}
	}
}
