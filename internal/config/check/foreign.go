package check

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// What people write who know the templates of Ansible, Liquid, Twig or Django, or
// JavaScript, is not Jinja, or never has an effect. The hint shows what works here.

const (
	containsForm = "write 'TEXT' in VALUE"
	noPatterns   = "there are no regular expressions here: write 'TEXT' in VALUE, VALUE.startswith('TEXT') or VALUE.endswith('TEXT')"
)

// foreignFilters are filters and tests of other languages.
var foreignFilters = map[string]string{
	"contains": containsForm, "includes": containsForm, "containing": containsForm, "search": noPatterns,
	"match": noPatterns, "matches": noPatterns, "matching": noPatterns, "regex": noPatterns, "regex_search": noPatterns, "regex_match": noPatterns, "regex_findall": noPatterns,
	"regex_replace": "there are no regular expressions here: write replace('OLD', 'NEW')", "replaceall": "write replace('OLD', 'NEW')", "replace_all": "write replace('OLD', 'NEW')",
	"split":      "write VALUE.split(',')",
	"startswith": "write VALUE.startswith('TEXT')", "starts_with": "write VALUE.startswith('TEXT')",
	"endswith": "write VALUE.endswith('TEXT')", "ends_with": "write VALUE.endswith('TEXT')",
	"size": "write length", "len": "write length",
	"lowercase": "write lower", "downcase": "write lower", "lcase": "write lower", "to_lower": "write lower", "tolower": "write lower",
	"uppercase": "write upper", "upcase": "write upper", "ucase": "write upper", "to_upper": "write upper", "toupper": "write upper",
	"strip": "write trim", "lstrip": "write VALUE.lstrip()", "rstrip": "write VALUE.rstrip()", "chomp": "write trim",
	"substring": "write VALUE[0:10]", "substr": "write VALUE[0:10]", "slicestr": "write VALUE[0:10]", "left": "write VALUE[:10]",
	"truncatechars": "write truncate(20)", "truncatewords": "write truncate(20)",
	"to_json": "write tojson", "json": "write tojson", "json_encode": "write tojson", "to_nice_json": "write tojson(indent=2)", "from_json": "the results of steps are values already, and no JSON",
	"ternary": "write A if CONDITION else B", "iif": "write A if CONDITION else B",
	"bool": "write VALUE == 'true'", "to_int": "write int", "number": "write int or float", "tostring": "write string", "str": "write string",
	"append": "write LIST + [VALUE]", "push": "write LIST + [VALUE]", "concat": "write A ~ B", "combine": "write dict(A, **B)",
	"empty": "write not VALUE, or VALUE | length == 0", "blank": "write not VALUE", "null": "write none", "present": "write VALUE",
	"default_if_none": "write default('TEXT', true)", "nl2br": "write replace('\\n', '<br>')", "get": "write VALUE.KEY or VALUE['KEY']",
	"date": "times are texts here, such as 2025-03-31T14:30:00Z", "strftime": "times are texts here, such as 2025-03-31T14:30:00Z", "date_format": "times are texts here, such as 2025-03-31T14:30:00Z",
}

// foreignMethods are methods that no value has here.
var foreignMethods = map[string]string{
	"length": "write VALUE | length", "size": "write VALUE | length", "len": "write VALUE | length",
	"contains": containsForm, "includes": containsForm, "indexOf": "write VALUE.find('TEXT'), or 'TEXT' in VALUE",
	"match": noPatterns, "matches": noPatterns, "test": noPatterns, "search": noPatterns,
	"toLowerCase": "write VALUE | lower", "toUpperCase": "write VALUE | upper", "toLower": "write VALUE | lower", "toUpper": "write VALUE | upper",
	"startsWith": "write VALUE.startswith('TEXT')", "endsWith": "write VALUE.endswith('TEXT')",
	"trim": "write VALUE | trim", "substring": "write VALUE[0:10]", "substr": "write VALUE[0:10]", "slice": "write VALUE[0:10]", "charAt": "write VALUE[0]",
	"replaceAll": "write VALUE | replace('OLD', 'NEW')", "push": "write LIST + [VALUE]",
	"isEmpty": "write not VALUE", "toString": "write VALUE | string", "toInt": "write VALUE | int",
	"map": "write VALUE | map(attribute='KEY')", "filter": "write VALUE | selectattr('KEY', 'equalto', 'TEXT')", "forEach": "write {% for X in VALUE %}",
}

var (
	// memberOf is an attribute or a method that is taken of a value.
	memberOf = lazyregexp.New(`\.\s*([A-Za-z]+)\s*(\(?)`)
	// filterByName gives a filter the name of another one.
	filterByName = lazyregexp.New(`\|\s*map\(\s*(?:'(\w+)'|"(\w+)")\s*[,)]`)
	testByName   = lazyregexp.New(`\|\s*(?:(?:select|reject)\(\s*|(?:select|reject)attr\(\s*(?:'[^']*'|"[^"]*")\s*,\s*)(?:'(\w+)'|"(\w+)")\s*[,)]`)
	// unquotedNames is a call with names where texts are wanted.
	unquotedNames = lazyregexp.New(`\b(get_pipe_result|has_failed|get_parent_param|get_env)\(\s*([A-Za-z_]\w*)\s*(?:,\s*(?:([A-Za-z_]\w*)|'([^']*)'|"([^"]*)")\s*)?\)`)
	// callOfATemplate stands in a text that is none.
	callOfATemplate = lazyregexp.New(`\b(?:get_pipe_result|has_failed|get_parent_param|get_env)\(\s*['"\w]`)
)

// foreignHint says what to write instead of a filter, a test or a tag of another
// language.
func foreignHint(err error) string {
	var unknown *jinja.UnknownNameError
	if !errors.As(err, &unknown) {
		return ""
	}
	name := unknown.Name
	switch {
	case unknown.Kind == "tag":
		if strings.HasPrefix(name, "get_") || strings.HasPrefix(name, "has_") || name == "fail" {
			return "write {{ … }} for what has a value"
		}
		return ""
	case unknown.Near != "" && foreignFilters[name] == "":
		return ""
	}
	return foreignFilters[strings.ToLower(name)]
}

// codeOf blanks out what is not code in a template: the text around it, comments and,
// in bare, texts in quotes. Both have the length of the template.
func codeOf(template string) (code, bare string) {
	with, without := []byte(template), []byte(template)
	blank := func(b []byte, i int) {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
	closing := ""
	var quote byte
	for i := 0; i < len(template); i++ {
		pair := template[i:min(i+2, len(template))]
		switch {
		case closing == "":
			blank(with, i)
			blank(without, i)
			switch pair {
			case "{{":
				closing = "}}"
			case "{%":
				closing = "%}"
			case "{#":
				closing = "#}"
			}
			if closing != "" {
				blank(with, i+1)
				blank(without, i+1)
				i++
			}
		case closing == "#}":
			blank(with, i)
			blank(without, i)
			if pair == closing {
				closing = ""
			}
		case quote != 0:
			blank(without, i)
			switch template[i] {
			case '\\':
				if i++; i < len(template) {
					blank(without, i)
				}
			case quote:
				quote = 0
			}
		case template[i] == '\'' || template[i] == '"':
			quote = template[i]
			blank(without, i)
		case pair == closing:
			closing = ""
			blank(with, i)
			blank(without, i)
		}
	}
	return string(with), string(without)
}

// foreign reports what parses, and never works, or has no effect.
func (k *checker) foreign(template string, path params.Path) {
	code, bare := codeOf(template)
	report := func(severity string, offset int, message, hint string) {
		line, column := source.PlaceIn(template, offset)
		k.report(severity, k.inside(path, line, column), path, "template-foreign", hint, message)
	}
	for _, m := range memberOf.FindAllStringSubmatchIndex(bare, -1) {
		name, call := bare[m[2]:m[3]], m[5] > m[4]
		hint, ok := foreignMethods[name]
		switch {
		case !ok:
		case call:
			report(source.SeverityError, m[2], fmt.Sprintf("no value has a method %q", name), hint)
		case name == "length":
			report(source.SeverityWarning, m[2], "only a mapping with such a key has a .length", hint)
		}
	}
	named := func(form *lazyregexp.Regexp, parse, what string, hint func(name string) string) {
		for _, m := range form.FindAllStringSubmatchIndex(code, -1) {
			from, to := m[2], m[3]
			if from < 0 {
				from, to = m[4], m[5]
			}
			name := code[from:to]
			if _, err := k.language.Parse(fmt.Sprintf(parse, name)); err != nil {
				report(source.SeverityError, from, fmt.Sprintf("there is no %s %q", what, name), hint(name))
			}
		}
	}
	named(filterByName, "{{ x | %s }}", "filter", func(name string) string {
		return "write map(attribute='" + name + "') for that key of each"
	})
	named(testByName, "{{ x is %s }}", "test", func(name string) string { return foreignFilters[strings.ToLower(name)] })
}

// bareCall is a call such as get_pipe_result(queue, label), where texts are wanted.
type bareCall struct {
	from, to int // offsets in the template
	hint     string
	reported bool
}

func bareCalls(template string) []bareCall {
	code, _ := codeOf(template)
	var out []bareCall
	for _, m := range unquotedNames.FindAllStringSubmatchIndex(code, -1) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return code[m[2*i]:m[2*i+1]]
		}
		call := part(1) + "('" + part(2) + "'"
		if second := part(3) + part(4) + part(5); second != "" {
			call += ", '" + second + "'"
		}
		out = append(out, bareCall{m[0], m[1], "write " + call + ")", false})
	}
	return out
}
