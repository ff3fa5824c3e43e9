package jinja

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// generator makes templates at random for the comparison with Jinja2. It writes
// patterns in which a letter after "$" stands for an expression of one kind:
//
//	$s text   $i small int   $n number   $b bool   $l list   $L list of texts
//	$N list of numbers   $T list of tickets   $d dict   $a anything   $v a name
//	$B statements within a block   $F a format specification   $P a place of a % format
type generator struct {
	rng   *rand.Rand
	used  map[string]int // how often each feature was written
	names []string       // set around the place that is written
	fresh int
	depth int // of nesting that the current template reached
	deep  int // templates that nest three levels or more
	level int
	stray int // of this many expressions, one is of another kind than its place asks for
}

// feature is something of the language, with the patterns that use it.
type feature struct {
	name     string
	kind     byte // of the value, as the letters of generator
	patterns []string
}

// atoms are the simplest expressions of each kind.
var atoms = map[byte][]string{
	's': {
		"name", "s", "csv", "pad", "estr", "uni", "digits", "fl", "html", "multi", "listy", "tickets[0].subject", "tickets[1].body", "words[1]",
		"'abc'", `"it's"`, `'a\nb'`, "'ß ÄÖ é'", "''", "'A-b c,d.e'", "'x%y'", "'12'", "' 7 '", "'-3.5'", "'true'", "'None'", "'Hello, hello world'", "'<a href=\"x\">b &amp; c</a>'", "'a_b'", "'x1y2'", "'日本'", "'ŒǅĲ ﬁ'", "'İı ſ Σς'", "'ᾳᾼ ΐ ꭰᏣ Ⅷⓓ ªº ͅ'", "'①一² ः'", "'\\t\\x00\\u2028'", "'😀 x'", "'é'", "'1,234'", "'{}'", "'%s'", "'١٢'", "'A  B'",
	},
	'i': {"n", "0", "1", "2", "3", "lst[0]", "4", "5", "-1", "-2", "tickets | length", "params.a"},
	'n': {"n", "f", "neg", "conf", "big", "0", "1", "2.5", "-3", "7", "1e3", "0.1", "1e-7", "10", "-2.5", "1_000", "0x1F", "tickets[0].score", "params.threshold", "3.0", "123456.789", "get_parent_param('threshold')", "1e16", "1e22", "123456789012345678901", "0.5", "1.5", "(-0.0)", "1e-5", "9007199254740993", "100"},
	'b': {"t", "fa", "true", "false", "True", "False", "n > 3", "tickets[0].open", "has_failed('bad')", "has_failed('skip')"},
	'l': {"lst", "words", "dup", "empty", "nested", "pairs", "[1, 'a', none]", "[]", "[[1, 2], [3]]", "(1, 2)", "[true, 2.5]", "('b', 'a')", "range(4)", "range(1, 9, 3)", "tickets", "[n, name]", "()"},
	'L': {"words", "['b', 'a', 'C']", "['x']", "csv.split(',')", "('b', 'A', 'a')", "tickets | map(attribute='subject') | list", "['', 'y']", "s"},
	'N': {"lst", "dup", "[3, 1.5, 2]", "[1]", "[1, 2, 2]", "(4, 0, -1)", "range(5)", "[0.1, 0.2]", "[true, 3]", "tickets | map(attribute='score') | list"},
	'T': {"tickets", "tickets[:2]", "get_pipe_result('fetch', 'fetched_tickets')", "[{'id': 'x', 'subject': 'S', 'score': 1, 'open': false, 'priority': {'name': '5'}, 'tags': []}]", "tickets | reverse | list"},
	'd': {"d", "numkey", "tickets[0]", "tickets[2].priority", "{'b': 1, 'a': 2}", "{}", "{'x': [1], 'y': {'z': none}}", "{1: 'one', 'two': 2}", "dict(q=1, p='x')", "params", "parent_params", "pipe_results.classify.data"},
	'a': {"none", "None", "nope", "d.nope", "t", "name", "n", "f", "lst", "d", "tickets[0].tags", "d['x y']", "d.b.c", "nested[0]", "pairs[1][0]", "fl", "params.nope", "pipe_results.classify.succeeded", "at_path(d, 'b.c')", "get_env('NUM')"},
}

// filterFeatures has a pattern for every filter, testFeatures for every test, and
// so on: the comparison fails when the library has one that they don't.
var filterFeatures = []feature{
	{"abs", 'n', []string{"$n | abs", "($n - $n) | abs"}},
	{"attr", 'a', []string{"$d | attr($s)", "($s | attr('upper'))()", "$a | attr('nope')"}},
	{"batch", 'l', []string{"$l | batch($i) | list", "$l | batch(2, $a) | list", "$s | batch(3, 'x') | map('join') | list"}},
	{"capitalize", 's', []string{"$s | capitalize", "$a | capitalize"}},
	{"center", 's', []string{"$s | center(12)", "$a | center(width=9)", "'[' ~ ($s | center($i)) ~ ']'"}},
	{"count", 'i', []string{"$l | count", "$s | count", "$d | count"}},
	{"d", 'a', []string{"$a | d($s)", "nope | d", "$a | d($a, true)"}},
	{"default", 'a', []string{"$a | default($a)", "$a | default(default_value=$s, boolean=$b)", "d.x | default($l)"}},
	{"dictsort", 'l', []string{"$d | dictsort", "{'b': 2, 'A': 1, 'c': 0} | dictsort(by='value')", "{'b': 2, 'A': 1} | dictsort($b)", "$d | dictsort(false, 'key', $b)"}},
	{"e", 's', []string{"$s | e", "$a | e", "[$s | e]", "($s | e) ~ $s", "($s | e) + $s"}},
	{"escape", 's', []string{"$s | escape", "($s | escape) | upper", "($s | escape) | length", "$s | escape | escape", "($s | escape).replace('&', $s)"}},
	{"filesizeformat", 's', []string{"$n | filesizeformat", "(10 ** params.a) | filesizeformat(true)", "($n * 12345) | filesizeformat", "$s | filesizeformat"}},
	{"first", 'a', []string{"$l | first", "$s | first", "$T | first", "($l | map('string') | first)", "$d | first"}},
	{"float", 'n', []string{"$s | float", "$a | float(2.5)", "$n | float", "$s | float(default=$n)"}},
	{"forceescape", 's', []string{"$s | forceescape", "$s | escape | forceescape"}},
	{"format", 's', []string{
		"'%s-%s' | format($a, $a)", "'%d|%5.2f' | format($n, $n)", "'%(a)s %(b)r' | format(a=$a, b=$s)", "'%x %o %e %g' | format($i, $i, $n, $n)", "'%-6s|%6s|' | format($s, $s)", "'%05d %+d' | format($i, $n)",
		"'%%|%c|%.3s' | format('x', $s)", "'%g' | format($n)", "'%.2e' | format($n)", "'%s' | format($a)", "'%i %r' | format($n, $a)", "'$P|' | format($n)", "'$P|$P' | format($a, $n)", "$s | format($a)",
	}},
	{"groupby", 'l', []string{
		"$T | groupby('open') | map('first') | list", "$T | groupby('priority.name') | map(attribute='list') | map('length') | list", "words | groupby('0') | list", "$T | groupby('nope', default=$s) | list | length",
		"[{'k': 'b'}, {'k': 'B'}, {'k': 'a'}] | groupby('k') | list", "[{'k': 'b'}, {'k': 'B'}] | groupby('k', case_sensitive=$b) | map(attribute='grouper') | list", "pairs | groupby(1)", "$T | groupby(attribute='score')",
	}},
	{"indent", 's', []string{"$s | indent", "multi | indent(2)", "multi | indent($i, true)", "$s | indent('> ', first=$b)", "'a\\n\\nb' | indent(2, blank=$b)", "(multi ~ '\\n') | indent"}},
	{"int", 'i', []string{"$s | int", "$a | int(7)", "$n | int", "'ff' | int(base=16)", "'0x1f' | int(0, 16)", "$s | int(default=$n)", "'0b11' | int(base=2)", "$n | int", "$a | int(0, 37)", "$s | int(default=$n, base=none)"}},
	{"items", 'l', []string{"$d | items | list", "nope | items | list", "$d | items | map('last') | list", "$a | items | list"}},
	{"join", 's', []string{"$l | join", "$l | join($s)", "$T | join(', ', attribute='id')", "$s | join('-')", "$d | join(',')", "$l | join(d=$s)", "[$s | e, $s] | join('<')"}},
	{"last", 'a', []string{"$l | last", "$s | last", "$T | last", "$d | last", "$l | reverse | last"}},
	{"length", 'i', []string{"$l | length", "$s | length", "$d | length", "$a | length", "$s | upper | length"}},
	{"list", 'l', []string{"$s | list", "$d | list", "$l | list", "$a | list", "range($i) | list"}},
	{"lower", 's', []string{"$s | lower", "$a | lower"}},
	{"map", 'l', []string{
		"$L | map('upper') | list", "$T | map(attribute='subject') | list", "$T | map(attribute='nope', default=$a) | list", "$l | map('string') | join($s)", "$N | map('abs') | sum", "$l | map('default', $s) | list", "$T | map(attribute='priority.name') | list",
		"pairs | map(attribute=0) | list", "$L | map('replace', 'a', $s) | list", "$N | map('round', 1) | list", "$L | map('length') | list", "$l | map('int', default=9) | list", "$L | map('upper')", "$T | map('attr', 'id') | list", "nested | map('join', '-') | list", "$l | map($s) | list",
	}},
	{"max", 'a', []string{"$N | max", "$L | max", "$T | max(attribute='score')", "['b', 'A', 'C'] | max(case_sensitive=$b)", "$l | max", "$s | max"}},
	{"min", 'a', []string{"$N | min", "$L | min", "$T | min(attribute='score')", "['b', 'A'] | min($b)", "$l | min", "(tickets | min(attribute='id')).subject"}},
	{"pprint", 's', []string{"$a | pprint", "$l | pprint", "$d | pprint", "$T | pprint", "$s | pprint", "range(40) | list | pprint", "[words, words, words, words, d] | pprint", "{'long': s * 8, 'b': words} | pprint", "(s * 12) | pprint"}},
	{"random", 'a', []string{"[$a] | random", "'x' | random", "[] | random", "[1, 1] | random"}},
	{"reject", 'l', []string{"$l | reject | list", "$N | reject('gt', $n) | list", "$l | reject('string') | list", "$N | reject('divisibleby', 2) | list", "$L | reject('in', words) | list"}},
	{"rejectattr", 'l', []string{"$T | rejectattr('open') | list", "$T | rejectattr('score', 'lt', 0.8) | map(attribute='id') | list", "$T | rejectattr('tags') | list | length", "$T | rejectattr('nope') | list", "$T | rejectattr('priority.name', '==', '1') | map(attribute='id') | join"}},
	{"replace", 's', []string{"$s | replace('a', $s)", "$s | replace($s, 'X')", "$s | replace('l', 'L', 1)", "$a | replace('e', '')", "$s | replace(old='o', new=$a)", "($s | e) | replace('&', $s)", "$s | replace('', '-')"}},
	{"reverse", 'a', []string{"$s | reverse", "$l | reverse | list", "$l | reverse | map('string') | join", "$d | reverse | list", "$a | reverse | list"}},
	{"round", 'n', []string{"$n | round", "$n | round($i)", "$n | round(1, 'floor')", "$n | round(2, method='ceil')", "($n / 3) | round(3)", "($n * 100) | round(-1)", "$n | round | int", "$n | round(1, 'common')", "$i | round", "2.675 | round(2)", "$a | round", "$n | round(none)"}},
	{"safe", 's', []string{"$s | safe", "($s | safe) ~ $s", "($s | safe) + $s", "$s | safe | e", "[$a | safe]"}},
	{"select", 'l', []string{"$l | select | list", "$N | select('odd') | list", "$l | select('number') | list", "$N | select('>', $n) | list", "$l | select('defined') | list", "$L | select('in', $l) | list", "$L | select('equalto', 'a') | list", "$l | select('none') | list", "$N | select('even')"}},
	{"selectattr", 'l', []string{
		"$T | selectattr('open') | list", "$T | selectattr('score', '>', $n) | map(attribute='id') | list", "$T | selectattr('priority.name', 'equalto', $s) | list", "$T | selectattr('tags', 'defined') | list | length", "($T | selectattr('open', 'true') | first).id",
		"$T | selectattr('nope', 'undefined') | list | length", "$T | selectattr('id', 'in', ['T-1', $s]) | map(attribute='subject') | join(', ')", "$T | selectattr('subject', $s) | list",
	}},
	{"slice", 'l', []string{"$l | slice(2) | list", "$l | slice(3, $a) | list", "$s | slice(2) | map('join') | list", "range(7) | slice($i) | list"}},
	{"sort", 'l', []string{
		"$N | sort", "$L | sort", "$T | sort(attribute='score') | map(attribute='id') | list", "$L | sort(case_sensitive=$b)", "$N | sort(reverse=true)", "$T | sort(attribute='open,score', reverse=$b) | map(attribute='id') | list", "$l | sort", "$d | sort", "$s | sort | join", "pairs | sort(attribute=1)",
		"$T | sort(true, false, 'priority.name') | map(attribute='id') | list", "$T | sort(attribute='nope') | list | length",
	}},
	{"string", 's', []string{"$a | string", "$l | string", "$d | string", "$n | string", "$s | e | string"}},
	{"striptags", 's', []string{"$s | striptags", "'<p>a  <b>b</b></p>\\n c <!-- d -->' | striptags", "html | striptags", "($s ~ '<br/>' ~ $s) | striptags"}},
	{"sum", 'n', []string{"$N | sum", "$T | sum(attribute='score')", "$N | sum(start=$n)", "[[1], [2]] | sum(start=[])", "$l | sum", "$T | map(attribute='score') | sum | round(2)", "empty | sum", "pairs | sum(attribute=1)"}},
	{"title", 's', []string{"$s | title", "$a | title", "\"it's a (new) day-to-day {x}\" | title", "'a.b_c,d 3rd' | title"}},
	{"tojson", 's', []string{"$a | tojson", "$d | tojson", "$l | tojson", "$s | tojson", "$T | tojson(indent=2)", "{'b': 1, 'a': [none, true, 1.5, 'é<&>\\'']} | tojson", "$d | tojson($i)", "$n | tojson"}},
	{"trim", 's', []string{"$s | trim", "pad | trim", "$s | trim('Hd')", "$a | trim", "$s | trim(chars=$s)"}},
	{"truncate", 's', []string{"$s | truncate(5)", "s | truncate(7, true)", "s | truncate(8, false, '…')", "s | truncate(7, leeway=0)", "$s | truncate(3, $b, '', 0)", "multi | truncate(6, leeway=$i)", "s | truncate(length=6, end='', leeway=0)"}},
	{"unique", 'l', []string{"$N | unique | list", "$L | unique | list", "['a', 'A', 'b'] | unique(case_sensitive=$b) | list", "$T | unique(attribute='open') | map(attribute='id') | list", "$s | unique | join", "$l | unique | list", "[1, 1.0, true, '1'] | unique | list"}},
	{"upper", 's', []string{"$s | upper", "$a | upper"}},
	{"urlencode", 's', []string{"$s | urlencode", "{'a b': 'ü&', 'c': $n} | urlencode", "'a/b c?d=e&f~g' | urlencode", "[('k', $s), ('l', 2)] | urlencode", "$a | urlencode", "pairs | urlencode"}},
	{"urlize", 's', []string{
		"'see http://example.com/x?a=b&c=d.' | urlize", "('go to www.example.org, ' ~ $s) | urlize", "'mail me@example.com (now)' | urlize", "'https://example.com/a/very/long/path' | urlize(10)", "'http://a.de and (http://b.de/)' | urlize(nofollow=true)",
		"'www.x.com' | urlize(target='_blank')", "'http://x.io' | urlize(rel='a b')", "$s | urlize", "'<http://x.net>' | urlize", "'mailto:a@b.de, x.org y.net!' | urlize(12, true)", "'tel:123' | urlize(extra_schemes=['tel:'])",
	}},
	{"wordcount", 'i', []string{"$s | wordcount", "multi | wordcount", "$a | wordcount", "\"it's 2 o-clock a_b\" | wordcount"}},
	{"wordwrap", 's', []string{
		"s | wordwrap(5)", "$s | wordwrap(4, false)", "(s * 3) | wordwrap(10, wrapstring='|')", "'well-known long-ish words here' | wordwrap(8)", "'well-known words' | wordwrap(6, break_on_hyphens=$b)", "$s | wordwrap", "multi | wordwrap(2)", "'a  b   c\\n\\nd' | wordwrap(3)",
		"'abcdefghij kl' | wordwrap(4, $b, '/')", "'—dash--dash' | wordwrap(5)",
	}},
	{"xmlattr", 's', []string{"{'class': 'a b', 'id': none, 'x': $s} | xmlattr", "$d | xmlattr", "{'a': $n} | xmlattr(false)", "{'a': nope, 'b': '<'} | xmlattr(autospace=$b)", "{} | xmlattr"}},
}

var testFeatures = []feature{
	{"!=", 'b', []string{"$N | select('!=', $n) | list | length > 0"}},
	{"<", 'b', []string{"$N | select('<', $n) | list == []"}},
	{"<=", 'b', []string{"$N | reject('<=', $n) | list == []"}},
	{"==", 'b', []string{"$l | select('==', $a) | list | length == 1"}},
	{">", 'b', []string{"$T | selectattr('score', '>', 0.6) | list | length > 1"}},
	{">=", 'b', []string{"$N | select('>=', $n) | list | length >= 1"}},
	{"boolean", 'b', []string{"$a is boolean", "$b is boolean", "$n is not boolean"}},
	{"callable", 'b', []string{"$a is callable", "range is callable", "$s.upper is callable", "get_env is callable"}},
	{"defined", 'b', []string{"$a is defined", "d.b is defined", "nope is not defined", "tickets[9] is defined", "(d.x).y is defined"}},
	{"divisibleby", 'b', []string{"$n is divisibleby 2", "$n is divisibleby($n)", "9 is divisibleby 3"}},
	{"eq", 'b', []string{"$a is eq $a", "$n is eq($n)", "1 is eq 1.0"}},
	{"equalto", 'b', []string{"$s is equalto 'a'", "$a is equalto($a)"}},
	{"escaped", 'b', []string{"($s | e) is escaped", "$s is escaped", "($s | safe) is escaped", "($s | e | upper) is escaped", "(($s | e) ~ 'x') is escaped", "($s | tojson) is escaped"}},
	{"even", 'b', []string{"$i is even", "$n is even", "($n + 1) is even"}},
	{"false", 'b', []string{"$b is false", "$a is false", "0 is false"}},
	{"filter", 'b', []string{"'upper' is filter", "$s is filter", "'nope' is not filter"}},
	{"float", 'b', []string{"$n is float", "$a is float", "(4 / 2) is float"}},
	{"ge", 'b', []string{"$n is ge $n", "$n is ge($n)"}},
	{"greaterthan", 'b', []string{"$n is greaterthan 2", "$s is greaterthan 'b'"}},
	{"gt", 'b', []string{"$n is gt $n", "$a is gt 1"}},
	{"in", 'b', []string{"$s is in words", "$a is in $l", "$s is in($s)", "'a' is in d", "$n is not in $N"}},
	{"integer", 'b', []string{"$n is integer", "$a is integer", "true is integer"}},
	{"iterable", 'b', []string{"$a is iterable", "$s is iterable", "(words | map('upper')) is iterable", "$n is iterable"}},
	{"le", 'b', []string{"$n is le $n", "$n is le 3"}},
	{"lessthan", 'b', []string{"$n is lessthan 3", "$n is lessthan($n)"}},
	{"lower", 'b', []string{"$s is lower", "$a is lower", "'a1' is lower"}},
	{"lt", 'b', []string{"$n is lt 3", "$a is lt $a"}},
	{"mapping", 'b', []string{"$a is mapping", "$d is mapping", "$l is mapping"}},
	{"ne", 'b', []string{"$a is ne $a", "$n is ne 5"}},
	{"none", 'b', []string{"$a is none", "none is none", "nope is none", "$s is not none"}},
	{"number", 'b', []string{"$a is number", "$n is number", "$b is number", "$s is number"}},
	{"odd", 'b', []string{"$i is odd", "$n is odd"}},
	{"sameas", 'b', []string{"$b is sameas true", "none is sameas none", "lst is sameas lst", "$a is sameas false"}},
	{"sequence", 'b', []string{"$a is sequence", "$s is sequence", "$d is sequence", "$n is sequence", "(words | map('upper')) is sequence"}},
	{"string", 'b', []string{"$a is string", "$s is string", "$n is string", "($s | e) is string"}},
	{"test", 'b', []string{"'odd' is test", "$s is test", "'nope' is not test"}},
	{"true", 'b', []string{"$b is true", "$a is true", "1 is true"}},
	{"undefined", 'b', []string{"$a is undefined", "nope is undefined", "d.nope is undefined", "lst[99] is undefined"}},
	{"upper", 'b', []string{"$s is upper", "$a is upper", "'AB 1' is upper"}},
}

var textMethodFeatures = []feature{
	{"capitalize", 's', []string{"$s.capitalize()"}},
	{"casefold", 's', []string{"$s.casefold()"}},
	{"center", 's', []string{"$s.center(11)", "$s.center(8, '*')", "$s.center(none)", "$s.center(width=9)"}},
	{"count", 'i', []string{"$s.count('l')", "$s.count($s)", "$s.count('o', 2)", "$s.count('')"}},
	{"endswith", 'b', []string{"$s.endswith('d')", "$s.endswith(('d', 'c'))", "$s.endswith($s)", "$s.endswith('o', 0, 5)"}},
	{"expandtabs", 's', []string{"'a\\tbc\\td'.expandtabs()", "('\\t' ~ $s).expandtabs(4)"}},
	{"find", 'i', []string{"$s.find('o')", "$s.find($s)", "$s.find('l', 3)", "$s.find('', 2)"}},
	{"format", 's', []string{
		"'{} {}'.format($a, $a)", "'{0}-{1}-{0}'.format($a, $n)", "'{a}{b!r}'.format(a=$a, b=$s)", "'{:>8}|{:<8}|{:^8}'.format($s, $s, $s)", "'{:.2f}'.format($n)", "'{:05d}|{:+}'.format($i, $n)", "'{:,}'.format($n)", "'{0[0]}'.format($l)", "'{:x} {:#b} {:o}'.format($i, $i, $i)", "'{:%}'.format($n)", "'{:e}'.format($n)",
		"'{:*^9}'.format($s)", "'{:{w}}'.format($s, w=7)", "'{{}}{}'.format($a)", "'{:g}'.format($n)", "$s.format($a)", "'{:10}|'.format($a)", "'{0.real}'.format($n)", "'{:_}'.format($n)", "'{:$F}|'.format($n)", "'{:$F}|'.format($n)", "'{:$F}|{:$F}'.format($a, $s)",
	}},
	{"format_map", 's', []string{"'{a} {b}'.format_map({'a': $a, 'b': $n})", "'{id}: {subject}'.format_map(tickets[0])"}},
	{"index", 'i', []string{"$s.index('o')", "$s.index($s)"}},
	{"isalnum", 'b', []string{"$s.isalnum()"}},
	{"isalpha", 'b', []string{"$s.isalpha()"}},
	{"isascii", 'b', []string{"$s.isascii()"}},
	{"isdecimal", 'b', []string{"$s.isdecimal()"}},
	{"isdigit", 'b', []string{"$s.isdigit()", "'1²'.isdigit()"}},
	{"isidentifier", 'b', []string{"$s.isidentifier()"}},
	{"islower", 'b', []string{"$s.islower()"}},
	{"isnumeric", 'b', []string{"$s.isnumeric()", "'½'.isnumeric()"}},
	{"isprintable", 'b', []string{"$s.isprintable()"}},
	{"isspace", 'b', []string{"$s.isspace()", "' \\n'.isspace()"}},
	{"istitle", 'b', []string{"$s.istitle()", "$s.title().istitle()"}},
	{"isupper", 'b', []string{"$s.isupper()", "$s.upper().isupper()"}},
	{"join", 's', []string{"$s.join($L)", "', '.join($l)", "$s.join($s)", "','.join($T | map(attribute='id'))"}},
	{"ljust", 's', []string{"$s.ljust(9) ~ '|'", "$s.ljust(8, '.')"}},
	{"lower", 's', []string{"$s.lower()"}},
	{"maketrans", 'd', []string{"$s.maketrans('lo', '01')", "$s.maketrans({'l': $a, 72: none})", "$s.maketrans('ab', $s, 'l')"}},
	{"lstrip", 's', []string{"pad.lstrip()", "$s.lstrip('Ha')"}},
	{"partition", 'l', []string{"$s.partition(' ')", "$s.partition($s)"}},
	{"removeprefix", 's', []string{"$s.removeprefix('He')", "$s.removeprefix($s)"}},
	{"removesuffix", 's', []string{"$s.removesuffix('ld')", "$s.removesuffix($s)"}},
	{"replace", 's', []string{"$s.replace('l', $s)", "$s.replace('o', '0', 1)", "$s.replace($s, '-')"}},
	{"rfind", 'i', []string{"$s.rfind('o')", "$s.rfind('l', 0, 4)", "$s.rfind('', $i, $i)", "$s.rfind(sub='o')"}},
	{"rindex", 'i', []string{"$s.rindex('o')", "$s.rindex($s)"}},
	{"rjust", 's', []string{"$s.rjust(9)", "$s.rjust(8, '0')"}},
	{"rpartition", 'l', []string{"$s.rpartition(' ')", "$s.rpartition('o')"}},
	{"rsplit", 'l', []string{"$s.rsplit(' ', 1)", "csv.rsplit(',', 1)", "$s.rsplit()", "pad.rsplit(none, 1)"}},
	{"rstrip", 's', []string{"$s.rstrip()", "$s.rstrip('dl')"}},
	{"split", 'l', []string{"$s.split()", "$s.split(',')", "$s.split('l', 1)", "$s.split(maxsplit=1)", "$s.split(' ')", "$s.split($s)"}},
	{"splitlines", 'l', []string{"multi.splitlines()", "'a\\r\\nb\\x0bc'.splitlines(true)", "$s.splitlines()"}},
	{"startswith", 'b', []string{"$s.startswith('H')", "$s.startswith(('H', 'a'))", "$s.startswith($s)", "$s.startswith('l', 2)"}},
	{"strip", 's', []string{"pad.strip()", "$s.strip('Hd ')", "$s.strip($s)"}},
	{"swapcase", 's', []string{"$s.swapcase()"}},
	{"title", 's', []string{"$s.title()", "\"it's a-b\".title()", "'A,b'.title()"}},
	{"translate", 's', []string{"'abc'.translate({97: 'x', 98: none})", "$s.translate($s.maketrans('lo', '01', 'H'))", "$s.translate($a)", "$s.translate({108: 'LL', 111: 48})"}},
	{"upper", 's', []string{"$s.upper()"}},
	{"zfill", 's', []string{"$s.zfill(8)", "'-5'.zfill(4)", "digits.zfill($i)"}},
}

var listMethodFeatures = []feature{
	{"append", 'l', []string{"[words.append($a), words]", "lst.append($n)"}},
	{"clear", 'l', []string{"[lst.clear(), lst]"}},
	{"copy", 'l', []string{"lst.copy()", "[1, $a].copy()", "nested.copy()[0]"}},
	{"count", 'i', []string{"dup.count($n)", "$l.count($a)", "(1, 2, 1).count(1)"}},
	{"extend", 'l', []string{"[lst.extend($l), lst]", "[words.extend($s), words]"}},
	{"index", 'i', []string{"lst.index(2)", "$l.index($a)", "words.index('Bar')", "lst.index(1, 1)"}},
	{"insert", 'l', []string{"[lst.insert($i, $a), lst]", "[words.insert(0, 'x'), words[0]]"}},
	{"pop", 'a', []string{"lst.pop()", "[lst.pop(0), lst]", "words.pop($i)", "empty.pop()"}},
	{"remove", 'l', []string{"[dup.remove(2), dup]", "lst.remove($n)"}},
	{"reverse", 'l', []string{"[lst.reverse(), lst]", "[words.reverse(), words]"}},
	{"sort", 'l', []string{"[lst.sort(), lst]", "[words.sort(), words]", "[lst.sort(reverse=$b), lst]"}},
}

var dictMethodFeatures = []feature{
	{"clear", 'l', []string{"[d.clear(), d]"}},
	{"copy", 'd', []string{"$d.copy()", "d.copy().a"}},
	{"fromkeys", 'd', []string{"d.fromkeys(['x', 'y'], $a)", "{}.fromkeys($s)"}},
	{"get", 'a', []string{"$d.get('a')", "$d.get($s, $a)", "tickets[0].get('id')", "$d.get('nope', 0)"}},
	{"items", 'l', []string{"$d.items() | list", "$d.items() | map('first') | join", "$d.items()", "$d.items() | length"}},
	{"keys", 'l', []string{"$d.keys() | list", "$d.keys()", "$d.keys() | sort | first", "$d.keys() == $d.keys()", "$d.keys() in $d", "$d.items() == $d.items()", "$d.keys() | random", "$s in $d.keys()"}},
	{"pop", 'a', []string{"d.pop('a')", "[d.pop('nope', $a), d]", "d.pop($s)"}},
	{"popitem", 'a', []string{"d.popitem()", "[{'q': $a}.popitem()]"}},
	{"setdefault", 'a', []string{"[d.setdefault('new', $a), d]", "d.setdefault('a', 5)"}},
	{"update", 'l', []string{"[d.update({'a': $a}), d]", "[d.update(z=$n), d.z]", "[d.update($l), d]", "d.update($a)", "d.update(pairs)"}},
	{"values", 'l', []string{"$d.values() | list", "$d.values()", "d.values() | first", "$d.values() | map('string') | join(',')"}},
}

var operatorFeatures = []feature{
	{"+", 'n', []string{"$n + $n", "$s + $s", "$l + $l", "$a + $a", "+$n"}},
	{"-", 'n', []string{"$n - $n", "-$n", "$a - $a", "-($n - $n)"}},
	{"*", 'n', []string{"$n * $n", "$s * $i", "$i * $l", "$a * $a"}},
	{"/", 'n', []string{"$n / $n", "$n / 4", "$a / $a"}},
	{"//", 'n', []string{"$n // $n", "$n // 2", "-7 // $n"}},
	{"%", 'a', []string{"$n % $n", "$n % 3", "'%s' % $s", "'%s %s' % ($a, $a)", "-7 % 3", "'%(x)s' % {'x': $a}", "'%d' % $n", "'%5.1f|' % $n", "$s % $a", "'$P' % $n", "'$P|$P' % ($n, $a)", "'%(x)s$P' % {'x': $a}"}},
	{"**", 'n', []string{"$i ** 2", "2 ** lst[0]", "$n ** 2", "2 ** 3 ** 2", "-2 ** 2", "$n ** 0.5", "(10 + $i) ** 2.5", "10 ** -0.5"}},
	{"~", 's', []string{"$a ~ $a", "$s ~ $n ~ $l", "$a ~ ''"}},
	{"==", 'b', []string{"$a == $a", "$n == $n", "$l == $l", "$d == $d", "1 == true == 1.0"}},
	{"!=", 'b', []string{"$a != $a", "$s != $s"}},
	{"<", 'b', []string{"$n < $n", "$s < $s", "$a < $a", "1 < $n < 10", "$N < $N"}},
	{"<=", 'b', []string{"$n <= $n", "$l <= $l"}},
	{">", 'b', []string{"$n > $n", "$s > $s", "$a > $a"}},
	{">=", 'b', []string{"$n >= $n", "3 >= $n >= 1", "$a >= $a"}},
	{"in", 'b', []string{"$a in $l", "$s in $s", "$s in $d", "$a in $a"}},
	{"not in", 'b', []string{"$a not in $l", "$s not in $s", "not $s in words"}},
	{"and", 'a', []string{"$a and $a", "$b and $a", "$n and $s and $b"}},
	{"or", 'a', []string{"$a or $a", "nope or $a", "$s or $l or $n"}},
	{"not", 'b', []string{"not $a", "not $b", "not not $l"}},
	{"if", 'a', []string{"$a if $b else $a", "$a if $a else $a", "$a if $b", "$s if $b else $n if $b else $l", "($a if $b else $a) | string"}},
	{"is not", 'b', []string{"$a is not none", "$a is not string", "not $a is number", "$a is number is boolean", "$a is not none if $b else $a", "($a is number) is boolean"}},
	{".", 'a', []string{"$d.a", "tickets[0].priority.name", "$a.b", "$d.nope", "$l.0", "($T | last).id", "d.b.c"}},
	{"[]", 'a', []string{"$l[$i]", "$s[$i]", "$d['a']", "$d[$s]", "tickets[-1]['subject']", "$a[$i]", "$d[$a]", "$l['x']", "numkey['1']"}},
	{"[:]", 'a', []string{"$s[1:3]", "$s[::-1]", "$l[:2]", "$l[$i:]", "$l[-2:]", "$s[::2]", "$l[$i:$i:$i]", "$s[:-1]", "$s[::$i]", "$a[1:]"}},
	{"call", 'a', []string{"range($i)", "range($i, 6) | list", "dict(a=$a)", "dict($a)", "dict(a=1, **$d)", "dict(**$d, a=1)", "dict(a=1, a=2)", "dict(pairs)", "dict({'a': 1}, b=$n)", "dict(*[pairs], **{'x': $a})", "namespace(a=$a).a", "$s.upper().lower()", "cycler(1, 2).next()", "joiner()()", "get_pipe_result('classify', 'label')", "get_pipe_result($s)", "$a()"}},
	{"precedence", 'a', []string{
		"$n + $n * $n - $n", "$n - $n - $n // 2 % 3", "not $n == $n and $b or $a", "$n ~ $s ~ $n + 1", "-$n ** 2", "$n * 2 ~ 'x'", "$s ~ $s | upper", "1 + $n | abs", "-$n | abs", "$b or $b and not $b", "$n < $n == $b", "$a if $n > 1 and $b else $s ~ 1", "$n in [1, 2] or $s in words", "not $b is true", "$n * -1", "2 * $n ** 2 / 4", "$l + [1] | length", "$s + 'b' * 2",
	}},
	{"literal", 'a', []string{"[$a, $a]", "($a, $a)", "{'k': $a, $s: $n}", "($a,)", "'a' 'b'", "[$a, [$l, {'x': $d}]]", "1.5e3", "0b101 + 0o17", "'\\x41\\u00e9\\''", "1, $a"}},
}

var statementFeatures = []feature{
	{"if", 0, []string{"{% if $a %}$B{% endif %}", "{% if $b %}$B{% else %}$B{% endif %}", "{% if $b: %}$B{% else: %}$B{% endif %}", "{% if $b if $a else $b %}$B{% endif %}", "{% if $a %}$B{% elif $b %}$B{% elif $a %}x{% else %}$B{% endif %}"}},
	{"for", 0, []string{
		"{% for $v in $l %}$B{% endfor %}", "{% for $v in $l %}{{ loop.index }}{{ $w }}{{ ', ' if not loop.last }}{% else %}$B{% endfor %}", "{% for $v in $l if $w %}$B{% else %}none{% endfor %}", "{% for $v in $T if $w.open %}{{ $w.subject }};{% endfor %}",
		"{% for $v, $v in pairs %}{{ $w }}$B{% endfor %}", "{% for $v, $v in $d.items() %}{{ $w }}{% endfor %}", "{% for $v in $d %}{{ $w }}$B{% endfor %}", "{% for $v in $N %}{{ loop.cycle('a', 'b', $a) }}{% endfor %}",
		"{% for $v in $l %}{% if loop.changed($w) %}$B{% endif %}{% endfor %}", "{% for $v in $l %}{{ loop.previtem }}<{{ $w }}>{{ loop.nextitem }}{% endfor %}", "{% for $v in $l %}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.length }}{{ loop.depth }}{{ loop.index0 }}{% endfor %}",
		"{% for $v in $s %}{{ $w }}.{% endfor %}", "{% for $v in $L %}{% for $v in $N %}{{ loop.depth0 }}{{ $w }}{% endfor %}{{ loop.index }}{% endfor %}", "{% for $v in $a %}$B{% else %}$B{% endfor %}", "{% for $v in range($i) %}$B{% endfor %}", "{% for $v in $l: %}{% set loop = $w %}$B{% endfor %}",
	}},
	{"for recursive", 0, []string{
		"{% for $v in nested recursive %}[{{ loop.depth }}{{ $w if $w is number else loop($w) }}]{% endfor %}", "{% for $v in [1, [2, [3, $n]]] recursive %}{% if $w is iterable %}<{{ loop($w) }}>{% else %}{{ $w }}{% endif %}{% endfor %}",
		"{% for $v in [{'n': $s, 'c': [{'n': $n}]}] recursive %}{{ $w.n }}{% if $w.c %}({{ loop($w.c) }}){% endif %}{% endfor %}",
	}},
	{"set", 0, []string{"{% set $v = $a %}$B{{ $w }}", "{% set $v, $v = $a, $a %}{{ $w }}$B", "{% set $v = $l %}{% for x in $w %}{% set $w = x %}{% endfor %}{{ $w }}", "{% set $v = $d %}$B{{ $w | length }}", "{% if $b %}{% set $v = $a %}{% endif %}{{ $w }}", "{% set name = $s %}{{ name }}$B"}},
	{"set block", 0, []string{"{% set $v %}$B{% endset %}[{{ $w }}]", "{% set $v | upper %}$B{% endset %}{{ $w }}", "{% set $v %}{{ $n }}{% endset %}{{ $w + 1 }}", "{% set $v | trim | replace('a', 'b') %} $B {% endset %}{{ $w }}", "{% set $v %}{% endset %}{{ $w is none }}"}},
	{"namespace", 0, []string{"{% set $v = namespace(c=0) %}{% for x in $N %}{% set $w.c = $w.c + x %}{% endfor %}{{ $w.c }}", "{% set $v = namespace() %}{% set $w.x = $a %}{% set $w.y = $s %}$B{{ $w.x }}{{ $w.y }}{{ $w.z }}", "{% set $v = namespace({'a': 1}, b=$a) %}{{ $w.a }}{{ $w.b }}"}},
	{"with", 0, []string{"{% with $v = $a %}$B{{ $w }}{% endwith %}", "{% with $v = $a, $v = $n %}{{ $w }}$B{% endwith %}", "{% with %}{% set $v = $a %}{{ $w }}{% endwith %}{{ $w }}", "{% with n = 9 %}{{ n }}{% endwith %}{{ n }}$B"}},
	{"macro", 0, []string{
		"{% macro m(a, b=$a) %}{{ a }}-{{ b }}{% endmacro %}{{ m($a) }}{{ m($a, $a) }}$B", "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m($n, $a, x=$s) }}", "{% macro m() %}$B{% endmacro %}{{ m() }}", "{% macro m(a, b) %}{{ b }}{% endmacro %}{{ m(b=$a) }}{{ m() }}",
		"{% macro m(x) %}{% if x > 0 %}{{ x }}{{ m(x - 1) }}{% endif %}{% endmacro %}{{ m(3) }}", "{% macro m(a=1, *b) %}{% endmacro %}", "{% macro m(a,) %}{% endmacro %}", "{% macro m(caller=$a) %}{{ caller }}{% endmacro %}{{ m() }}", "{% macro m(kwargs, varargs=2) %}{{ kwargs }}{{ varargs }}{% endmacro %}{{ m($a) }}", "{% macro m(a, b=2) %}{% endmacro %}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m($a) | upper }}{{ m($n) + 1 }}",
		"{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(c=2) }}", "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(*$l) }}", "{% macro m(a, b=1) %}{{ a }}{{ b }}{% endmacro %}{{ m(**{'b': $a}) }}", "{% set q = $a %}{% macro m(a) %}{{ a }}{{ q }}{% endmacro %}{% set q = 2 %}{{ m(1) }}",
	}},
	{"call", 0, []string{
		"{% macro c(t) %}<{{ t }}>{{ caller() }}</>{% endmacro %}{% call c($a) %}$B{% endcall %}", "{% macro c() %}{{ caller(1, $a) }}{% endmacro %}{% call(a, b=3) c() %}{{ a }}{{ b }}$B{% endcall %}", "{% macro c(x) %}{% for i in x %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(i) c($l) %}[{{ i }}]{% endcall %}",
		"{% macro c() %}{{ caller() if caller else 'no' }}{% endmacro %}{{ c() }}{% call c() %}$B{% endcall %}", "{% macro c() %}x{% endmacro %}{% call c() %}y{% endcall %}", "{% macro c() %}{{ caller.name }}{{ caller(a=1) }}{% endmacro %}{% call c() %}y{% endcall %}",
	}},
	{"filter", 0, []string{"{% filter upper %}$B{% endfilter %}", "{% filter replace('a', $s) | trim %}$B{% endfilter %}", "{% filter length %}$B abc{% endfilter %}", "{% filter indent(2, true) %}a\n$B{% endfilter %}", "{% filter title %}$B{% endfilter %}", "{% filter escape %}<$B{% endfilter %}"}},
	{"raw", 0, []string{"{% raw %}{{ x }} {% if %}{% endraw %}$B", "{%- raw -%} {{ a }} {%- endraw -%} b", "a {% raw -%}\n  {# b #}\n{%- endraw +%}\n$B", "{% raw %}\n x{% endraw %}\n y"}},
	{"block", 0, []string{"{% block $v %}$B{% endblock %}", "{% block $v scoped %}$B{% endblock $w %}", "{% set q = 1 %}{% block $v %}{{ q }}{% endblock %}", "{% block $v %}$B{% endblock %}{{ self.$w() }}", "{% block $v %}{{ $n }}{% endblock %}{{ self.$w() + 1 }}", "{% for q in lst %}{% block $v scoped %}{{ q }}{% endblock %}{% endfor %}"}},
	{"print", 0, []string{"{% print $a %}", "{% print $a, $s %}$B"}},
	{"autoescape", 0, []string{"{% autoescape false %}$B{{ $s }}{% endautoescape %}", "{% autoescape true %}$B{{ $s }}{% endautoescape %}"}},
	{"comment", 0, []string{"a{# $B #}b", "{#- x -#} $B", "  {# c #}\n$B", "{# a\n b #}\n\n$B"}},
	{"cycler", 0, []string{"{% set $v = cycler('a', $a) %}{% for x in $l %}{{ $w.next() }}{{ $w.current }}{% endfor %}{{ $w.reset() }}", "{% set $v = cycler($n, $s) %}{{ $w.next() }}{{ $w.next() }}{{ $w.next() }}"}},
	{"joiner", 0, []string{"{% set $v = joiner($s) %}{% for x in $l %}{{ $w() }}{{ x }}{% endfor %}", "{% set $v = joiner() %}{{ $w() }}a{{ $w() }}b"}},
	{"whitespace", 0, []string{"  {%- if $b -%}  x  {%- endif -%}  $B", "a\n  {% if t %}\n  b\n  {% endif %}\nc$B", "a \n{{- $a -}}\n b", "  {%+ if t %}y{% endif +%}\n  z", "\n\n{% set $v = 1 -%}\n\n  {{ $w }}\n", "x{% if t %}  \n{% endif %}\ty", "a\r\nb\r\n{{ $a }}\r\n", "  {{ $a }}  \n", "{{ '{{' }}{% if t -%}\n\t q\n{%- endif %}\n\n"}},
	{"output", 0, []string{"{{ $a }}", "{{ $s }}", "{{ $n }}", "{{ $l }}", "{{ $d }}", "{{ $b }}", "x {{ $a }} y", "{{ $n }}{{ $n }}", "[{{ $a }}, {{ $s | tojson }}]", "{{ $s }}: {{ $a }}", "({{ $n }},)", "{'a': {{ $n }}}"}},
}

// allFeatures are all with the prefix of their kind.
func allFeatures() []feature {
	var all []feature
	for _, group := range []struct {
		prefix   string
		features []feature
	}{
		{"filter ", filterFeatures},
		{"test ", testFeatures},
		{"text method ", textMethodFeatures},
		{"list method ", listMethodFeatures},
		{"dict method ", dictMethodFeatures},
		{"operator ", operatorFeatures},
		{"statement ", statementFeatures},
	} {
		for _, f := range group.features {
			f.name = group.prefix + f.name
			all = append(all, f)
		}
	}
	return all
}

func newGenerator(seed uint64) *generator {
	return &generator{rng: rand.New(rand.NewPCG(seed, 4)), used: map[string]int{}}
}

func pick[T any](g *generator, list []T) T { return list[g.rng.IntN(len(list))] }

// template writes one that uses f, most often within three levels of others.
func (g *generator) template(f feature) string {
	g.names, g.fresh, g.depth, g.level = nil, 0, 0, 0
	g.stray = pick(g, []int{3, 16, 16, 40})
	if f.kind == 0 {
		return g.statement(f, 3)
	}
	use := "{{ " + g.feature(f, 3) + " }}"
	for range g.rng.IntN(3) {
		use = g.fill(pick(g, statementFeatures).patterns, 2, use)
	}
	return use
}

func (g *generator) statement(f feature, depth int) string {
	g.used[f.name]++
	return g.fill(f.patterns, depth, "")
}

func (g *generator) feature(f feature, depth int) string {
	g.used[f.name]++
	return g.fill(f.patterns, depth, "")
}

// expression writes one of a kind, and now and then one of another.
func (g *generator) expression(kind byte, depth int) string {
	if g.rng.IntN(g.stray) == 0 {
		kind = pick(g, []byte("sinbld"))
	}
	if depth <= 0 || g.rng.IntN(3) == 0 {
		if len(g.names) > 0 && g.rng.IntN(5) == 0 {
			return pick(g, g.names)
		}
		return atom(pick(g, atoms[kind]))
	}
	candidates := byKind[kind]
	if len(candidates) == 0 || kind == 'a' && g.rng.IntN(2) == 0 {
		candidates = byKind[pick(g, []byte("snbldai"))]
	}
	return "(" + g.feature(pick(g, candidates), depth) + ")"
}

// atom is an expression that can stand anywhere.
func atom(s string) string {
	if strings.ContainsAny(s, "|> ") && s[0] != '\'' && s[0] != '"' && s[0] != '[' && s[0] != '{' && s[0] != '(' || s[0] == '-' || strings.HasPrefix(s, "1") || strings.Contains(s, "e") && s[0] >= '0' && s[0] <= '9' {
		return "(" + s + ")"
	}
	return s
}

var byKind = func() map[byte][]feature {
	kinds := map[byte][]feature{}
	for _, f := range allFeatures() {
		if f.kind != 0 {
			kinds[f.kind] = append(kinds[f.kind], f)
		}
	}
	return kinds
}()

// fill writes a pattern. Where body is given it stands for the first $B.
func (g *generator) fill(patterns []string, depth int, body string) string {
	g.level++
	defer func() { g.level-- }()
	g.depth = max(g.depth, g.level)
	around := len(g.names)
	defer func() { g.names = g.names[:around] }()
	pattern := pick(g, patterns)
	last := ""
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '$' {
			b.WriteByte(pattern[i])
			continue
		}
		i++
		switch c := pattern[i]; c {
		case 'v':
			g.fresh++
			last = "v" + strconv.Itoa(g.fresh)
			b.WriteString(last)
			g.names = append(g.names, last)
		case 'w':
			b.WriteString(last)
		case 'F':
			b.WriteString(g.formatSpec())
		case 'P':
			b.WriteString(g.percentPlace())
		case 'B':
			if body != "" {
				b.WriteString(body)
				body = ""
			} else {
				b.WriteString(g.body(depth - 1))
			}
		default:
			b.WriteString(g.expression(c, depth-1))
		}
	}
	if body != "" {
		b.WriteString(body)
	}
	return b.String()
}

// formatSpec writes what may stand behind the colon in a place of str.format.
func (g *generator) formatSpec() string {
	spec := ""
	if align := pick(g, []string{"", "", "<", ">", "^", "="}); align != "" {
		spec = pick(g, []string{"", "*", "0", " ", "é"}) + align
	}
	for _, part := range [][]string{
		{"", "", "+", "-", " "},
		{"", "", "", "z"},
		{"", "", "#"},
		{"", "0"},
		{"", "8", "12", "1"},
		{"", "", ",", "_"},
		{"", "", ".0", ".2", ".10"},
		{"", "d", "f", "g", "e", "%", "x", "s", "b", "o", "X", "G", "E", "F", "n", "c"},
	} {
		spec += pick(g, part)
	}
	return spec
}

// percentPlace writes a place of a % format.
func (g *generator) percentPlace() string {
	place := "%"
	for _, part := range [][]string{
		{"", "", "+", "-", " ", "0", "#"},
		{"", "", "0", "#"},
		{"", "8", "12"},
		{"", "", ".0", ".2", ".10"},
		{"", "", "", "l", "ll"},
		{"d", "s", "f", "g", "e", "x", "r", "i", "o", "X", "G", "E", "a", "c", "%"},
	} {
		place += pick(g, part)
	}
	return place
}

// body is what stands within a block.
func (g *generator) body(depth int) string {
	var b strings.Builder
	for range 1 + g.rng.IntN(2) {
		switch {
		case depth > 0 && g.rng.IntN(2) == 0:
			b.WriteString(g.statement(pick(g, prefixed), depth))
		case g.rng.IntN(2) == 0:
			b.WriteString("{{ " + g.expression(pick(g, []byte("snbldai")), depth) + " }}")
		default:
			b.WriteString(pick(g, []string{"x", " y ", "1", "\n", "a b", "<", ""}))
		}
	}
	return b.String()
}

var prefixed = func() []feature {
	var list []feature
	for _, f := range allFeatures() {
		if f.kind == 0 {
			list = append(list, f)
		}
	}
	return list
}()

// templates are n different ones, the features in turn.
func (g *generator) templates(n int) []string {
	features := allFeatures()
	seen := map[string]bool{}
	var list []string
	for i := 0; len(list) < n; i++ {
		source := g.template(features[i%len(features)])
		if len(source) > 3000 || seen[source] {
			continue
		}
		seen[source] = true
		if g.depth >= 3 {
			g.deep++
		}
		list = append(list, source)
	}
	return list
}

// coverage lists how often each feature was used, and the least of that.
func (g *generator) coverage() (least int, list string) {
	var b strings.Builder
	least = 1 << 30
	for _, f := range allFeatures() {
		least = min(least, g.used[f.name])
		fmt.Fprintf(&b, "%s %d, ", f.name, g.used[f.name])
	}
	return least, strings.TrimSuffix(b.String(), ", ")
}
