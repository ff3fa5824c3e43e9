package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config"
)

func desk(key, value string) string {
	return fmt.Sprintf("services:\n  desk:\n    use: otobo-znuny:OTOBOZnunyTicketSystemService\n    params:\n      %s: %q\n", key, value) + smallest
}

func TestWhatLooksLikeAReferenceAndIsNoneIsAnError(t *testing.T) {
	env := []string{"OTOBO_PW=hunter2222", "OTOBO_URL=http://x"}
	for value, want := range map[string]string{
		"$OTOBO_PW":               "write ${OTOBO_PW};",
		" $OTOBO_PW ":             "write ${OTOBO_PW};",
		"${OTOBO_PW":              "write ${OTOBO_PW};",
		"${ OTOBO_PW }":           "write ${OTOBO_PW};",
		"${OTOBO-PW}":             "write ${OTOBO_PW};",
		"${otobo-pw}":             "write ${OTOBO_PW};",
		"${OTOBO_PW:?is missing}": "write ${OTOBO_PW};",
		"%OTOBO_PW%":              "write ${OTOBO_PW};",
		"$env:OTOBO_PW":           "write ${OTOBO_PW};",
		"${env:OTOBO_PW}":         "write ${OTOBO_PW};",
		"$P4SS":                   "write ${NAME}, with", // may be the password: not shown
		"%P4SS%":                  "write ${NAME}, with",
		"${P4SS":                  "write ${NAME}, with",
		"${}":                     "write ${NAME}, with",
		"${OTOBO_PW:-${OTHER}}":   "write ${OTOBO_PW};",
		"$(cat /run/secrets/pw)":  "write ${file:PATH}",
		"${file:/run/secrets/pw":  "write ${file:PATH}",
		"${file:}":                "write ${file:PATH}",
		"“Sonne4711”":             `write "…"`,
		"„Sonne4711“":             `write "…"`,
		"‘Sonne4711’":             `write "…"`,
		"»Sonne4711«":             `write "…"`,
	} {
		d, problems := read(t, config.Options{Env: env}, desk("password", value))
		problems = problems.And(d.Check(newCatalog()))
		var found []config.Problem
		for _, p := range problems {
			if p.Severity == config.SeverityError && p.Path != "services.desk" && !strings.Contains(p.Path, "base_url") {
				found = append(found, p)
			}
		}
		if len(found) != 1 || found[0].Code != "not-a-reference" || found[0].Line != 5 || found[0].Column != 17 {
			t.Errorf("%q: %v", value, problems)
			continue
		}
		p := found[0]
		if !strings.Contains(p.Hint, want) || !strings.HasSuffix(p.Hint, "put it into a variable or a file, whose content is taken as it is") {
			t.Errorf("%q: the hint is %q, want %q", value, p.Hint, want)
		}
		for _, shown := range []string{p.String(), p.Excerpt([]config.Source{{Name: p.File, Data: []byte(desk("password", value))}})} {
			if strings.Contains(shown, "P4SS") || strings.Contains(shown, "Sonne") || strings.Contains(shown, "run/secrets") {
				t.Errorf("%q is shown: %s", value, shown)
			}
		}
	}
	for value, want := range map[string]string{"$OTOBO_URL": "${OTOBO_URL}", "$HELPDESK_URL": "${HELPDESK_URL}", "%HELPDESK_URL%": "${HELPDESK_URL}"} {
		if _, problems := read(t, config.Options{Env: env}, desk("base_url", value)); len(problems) == 0 || !strings.Contains(problems[0].Hint, want) {
			t.Errorf("%q: %v", value, problems)
		}
	}
}

func TestAPasswordWithDollarsAndPercentsIsPlainText(t *testing.T) {
	for _, value := range []string{
		"$ecretPassw0rd", "pa$$word", "$", "$$", "$A", "$1a2b3c4d", "100%", "%abc%", "%A%B%", "a%OTOBO_PW%", "$OTOBO_PW!", "x$OTOBO_PW", "$(cat", "cat)",
		"p${", "${8!x", "“Sonne", "Sonne”", "${{ OTOBO }}", "$otobo_pw",
	} {
		d, problems := read(t, config.Options{}, desk("password", value))
		if problems.HasErrors() || d.Services[0].Params["password"] != value {
			t.Errorf("%q is %v: %v", value, d.Services[0].Params["password"], problems)
		}
	}
	d, problems := read(t, config.Options{Env: []string{"PW=$OTOBO_PW", "OTAI__SERVICES__DESK__PARAMS__PASSWORD=%PW%"}}, desk("username", "${PW}"))
	if problems.HasErrors() || d.Services[0].Params["username"] != "$OTOBO_PW" || d.Services[0].Params["password"] != "%PW%" {
		t.Errorf("what a variable holds is looked at: %v %v", d.Services[0].Params, problems)
	}
	d, problems = read(t, config.Options{}, desk("password", "$${OTOBO_PW}"))
	if problems.HasErrors() || d.Services[0].Params["password"] != "${OTOBO_PW}" {
		t.Errorf("the escape: %v %v", d.Services[0].Params, problems)
	}
}
