package check

import (
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"

	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/params"
)

const (
	noClock    = "templates have no clock: times are texts here, such as 2025-03-31T14:30:00Z"
	ofAStep    = "write get_pipe_result('ID', 'KEY')"
	parentForm = "write get_parent_param('KEY') for a param of the pipe around this one"
)

// otherNames are those of documents and earlier versions of Open Ticket AI, of Python
// and of other tools. %s stands for what is taken of the name.
var otherNames = map[string]string{
	"pipe_result":    ofAStep,
	"ticket":         "write get_pipe_result('ID')['%s'], with the id of the step that picks one of the fetched tickets",
	"tickets":        "write get_pipe_result('ID', 'fetched_tickets'), with the id of the step that fetches them",
	"classification": "write get_pipe_result('ID', '%s'), with the id of the step that classifies",
	"context":        "write get_pipe_result('ID', 'KEY') for a step's result, get_parent_param('KEY') for a param of the pipe around this one",
	"config":         parentForm,
	"inputs":         parentForm,
	"from_template":  "templates can't load others; write the text here",
	"null":           "write none",
	"nil":            "write none",
	"undefined":      "write none, or VALUE is undefined",

	"steps": "write get_pipe_result('%s', 'KEY')", "needs": "write get_pipe_result('%s', 'KEY')", "results": "write get_pipe_result('%s', 'KEY')",
	"result": ofAStep, "output": ofAStep, "outputs": ofAStep, "response": ofAStep, "item": ofAStep,

	"len": "write VALUE | length", "size": "write VALUE | length", "count": "write VALUE | length",
	"str": "write VALUE | string", "bool": "write VALUE == 'true'", "sorted": "write VALUE | sort", "reversed": "write VALUE | reverse",
	"enumerate": "write {% for X in VALUE %} and loop.index", "zip": "write VALUE[loop.index0] in a loop", "any": "write VALUE | select | list", "all": "write not (VALUE | reject | list)",
	"filter": "write VALUE | select", "isinstance": "write VALUE is string, number, mapping or sequence", "type": "write VALUE is string, number, mapping or sequence",
	"print": "write {{ VALUE }}", "set": "write VALUE | unique | list", "tuple": "write VALUE | list", "format": "write 'TEXT %s' | format(VALUE)",
	"re": noPatterns, "regex": noPatterns, "json": "write VALUE | tojson", "JSON": "write VALUE | tojson", "Math": "write VALUE | round, or VALUE // 1", "math": "write VALUE | round, or VALUE // 1",
	"now": noClock, "today": noClock, "date": noClock, "time": noClock, "datetime": noClock, "Date": noClock, "utcnow": noClock, "strftime": noClock, "ansible_date_time": noClock,
	"contains": containsForm, "coalesce": "write A or B, or A | default(B, true)", "concat": "write A ~ B", "iif": "write A if CONDITION else B", "ternary": "write A if CONDITION else B",
	"raise": "write fail('TEXT')", "error": "write fail('TEXT')", "throw": "write fail('TEXT')", "assert": "write fail('TEXT') if not CONDITION",
}

// environmentNames are what other languages call the environment, and what asks it.
var environmentNames = map[string]bool{
	"env": true, "ENV": true, "environ": true, "os": true, "secrets": true, "vars": true, "var": true, "process": true, "getenv": true, "environment": true,
	"lookup": true, "query": true, "ansible_env": true, "env_var": true, "secret": true, "vault": true,
}

var variableName = lazyregexp.New(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)

func (k *checker) nameHint(n jinja.Name) string {
	if environmentNames[n.Name] {
		return "write get_env('" + environmentName(n) + "')"
	}
	if hint, ok := otherNames[n.Name]; ok {
		if strings.Count(hint, "%s") == 1 && !strings.Contains(hint, "format(") {
			attribute := n.Attribute
			if attribute == "" {
				attribute = "KEY"
			}
			return fmt.Sprintf(hint, attribute)
		}
		return hint
	}
	if n.Call {
		if _, err := k.language.Parse("{{ x | " + n.Name + " }}"); err == nil {
			return "write VALUE | " + n.Name
		}
		if hint := foreignFilters[strings.ToLower(n.Name)]; hint != "" {
			return hint
		}
	}
	near := params.Near(n.Name, []string{"get_pipe_result", "has_failed", "get_parent_param", "get_env", "at_path", "fail", "range", "dict", "namespace", "pipe_results", "params", "parent_params"})
	switch {
	case near != "":
		return "did you mean " + near + "?"
	case variableName.MatchString(n.Name):
		return fmt.Sprintf("if it is an environment variable, write get_env('%s')", n.Name)
	}
	return "a step's result is get_pipe_result('ID', 'KEY')"
}

// environmentName is the variable that an expression of another language asks for,
// as far as it shows it.
func environmentName(n jinja.Name) string {
	name := n.Attribute
	for _, arg := range n.Args {
		name = arg.Text // lookup('env', 'NAME')
		if name != "env" && name != "" {
			break
		}
	}
	if name == "" || name == "env" || strings.ToLower(name) == name && (n.Name == "os" || n.Name == "process") {
		return "NAME"
	}
	return name
}

// fileReaders are what reads a file in other languages.
var fileReaders = map[string]bool{
	"file": true, "read_file": true, "readfile": true, "readFile": true, "slurp": true, "fileContent": true, "file_get_contents": true, "open": true, "source": true, "lookup": true,
}

// fileHint says how the content of a file is given, "" where none is asked for.
func fileHint(n jinja.Name, around scope) string {
	if !fileReaders[n.Name] || !n.Call || n.Name == "lookup" && (len(n.Args) == 0 || n.Args[0].Text != "file") {
		return ""
	}
	place := "PATH"
	if len(n.Args) > 0 && n.Args[len(n.Args)-1].Text != "" {
		place = n.Args[len(n.Args)-1].Text
	}
	if n.Name == "open" && len(n.Args) > 0 && n.Args[0].Text != "" {
		place = n.Args[0].Text // the second is how
	}
	if around.pipe {
		return "the templates of pipes read no files: put the content into a variable and write get_env('NAME')"
	}
	return "the content of a file is ${file:" + place + "}, as the whole value and without {{ }}"
}
