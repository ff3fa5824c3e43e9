package config

import (
	"bytes"
	"strings"

	"github.com/joho/godotenv"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
)

// Environment returns the process environment and what .env files add to it. The
// first file that gives a name wins.
func Environment(o Options, diags *Reporter) (environment, dotEnv map[string]string) {
	environment, dotEnv = map[string]string{}, map[string]string{}
	for _, entry := range o.Env {
		if name, value, ok := strings.Cut(entry, "="); ok {
			environment[name] = value
		}
	}
	for _, s := range o.DotEnv {
		values, mistake := dotEnvValues(s)
		if mistake != nil {
			// The library's message shows the text, which may be a secret.
			diags.ReportError(*mistake, nil, "bad-dotenv", "write NAME=value, and quote a value with spaces", "this is not a .env file")
		}
		for name, value := range values {
			_, given := environment[name]
			_, before := dotEnv[name]
			if !given && !before {
				dotEnv[name] = value
			}
		}
	}
	return environment, dotEnv
}

// longestDotEnv is how much of a .env file is looked through for its mistake.
const longestDotEnv = 1 << 16

// dotEnvValues reads a .env file. Of one with a mistake it returns the values above
// that, and the place: the line behind the most lines that can be read.
func dotEnvValues(s Source) (map[string]string, *Position) {
	text := string(bytes.TrimPrefix(s.Data, source.ByteOrderMark))
	values, err := parseDotEnv(text)
	if err == nil {
		return values, nil
	}
	good, end := 0, 0
	for n, line := range strings.SplitAfter(text[:min(len(text), longestDotEnv)], "\n") {
		end += len(line)
		if above, err := parseDotEnv(text[:end]); err == nil {
			good, values = n+1, above
		}
	}
	return values, &Position{File: s.Name, Line: good + 1, Column: 1}
}

// loneDollar is a $ that is not of ${NAME}, nor escaped. The library would take
// what follows for a variable; Open Ticket AI, which python-dotenv reads for, and
// who writes a password there, do not.
var loneDollar = lazyregexp.New(`(^|[^\\])\$([^{]|$)`)

const dollar = "\ue000" // stands for it while the library reads

func parseDotEnv(text string) (map[string]string, error) {
	for loneDollar.MatchString(text) { // again: of $$ it takes one at a time
		text = loneDollar.ReplaceAllString(text, "${1}"+dollar+"${2}")
	}
	values, err := godotenv.Unmarshal(text)
	for name, value := range values {
		values[name] = strings.ReplaceAll(value, dollar, "$")
	}
	return values, err
}
