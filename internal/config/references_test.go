package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

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
		d, diags := read(t, config.Options{Env: env}, desk("password", value))
		diags = diags.And(check.Check(d, catalogtest.New()))
		var found []config.Diagnostic
		for _, p := range diags {
			if p.Severity == config.SeverityError && p.Path != "services.desk" && !strings.Contains(p.Path, "base_url") {
				found = append(found, p)
			}
		}
		if len(found) != 1 || found[0].Code != "not-a-reference" || found[0].Line != 5 || found[0].Column != 17 {
			t.Errorf("%q: %v", value, diags)
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
		if _, diags := read(t, config.Options{Env: env}, desk("base_url", value)); len(diags) == 0 || !strings.Contains(diags[0].Hint, want) {
			t.Errorf("%q: %v", value, diags)
		}
	}
}

func TestAPasswordWithDollarsAndPercentsIsPlainText(t *testing.T) {
	for _, value := range []string{
		"$ecretPassw0rd", "pa$$word", "$", "$$", "$A", "$1a2b3c4d", "100%", "%abc%", "%A%B%", "a%OTOBO_PW%", "$OTOBO_PW!", "x$OTOBO_PW", "$(cat", "cat)",
		"p${", "${8!x", "“Sonne", "Sonne”", "${{ OTOBO }}", "$otobo_pw",
	} {
		d, diags := read(t, config.Options{}, desk("password", value))
		if diags.HasErrors() || d.Services[0].Params["password"] != value {
			t.Errorf("%q is %v: %v", value, d.Services[0].Params["password"], diags)
		}
	}
	d, diags := read(t, config.Options{Env: []string{"PW=$OTOBO_PW", "OTAI__SERVICES__DESK__PARAMS__PASSWORD=%PW%"}}, desk("username", "${PW}"))
	if diags.HasErrors() || d.Services[0].Params["username"] != "$OTOBO_PW" || d.Services[0].Params["password"] != "%PW%" {
		t.Errorf("what a variable holds is looked at: %v %v", d.Services[0].Params, diags)
	}
	d, diags = read(t, config.Options{}, desk("password", "$${OTOBO_PW}"))
	if diags.HasErrors() || d.Services[0].Params["password"] != "${OTOBO_PW}" {
		t.Errorf("the escape: %v %v", d.Services[0].Params, diags)
	}
}

func TestASecretThatMayBeAReferenceIsAWarning(t *testing.T) {
	env := []string{"OTOBO_PW=hunter2222", "otobo_lower=hunter2222"}
	warned := func(value string) []config.Diagnostic {
		d, diags := read(t, config.Options{Env: env}, desk("password", value))
		if diags.HasErrors() || d.Services[0].Params["password"] != value {
			t.Errorf("%q is %v: %v", value, d.Services[0].Params["password"], diags)
		}
		return slices.DeleteFunc(diags, func(p config.Diagnostic) bool { return p.Code != "not-a-reference" })
	}
	for value, want := range map[string]string{
		"$file:/run/x": "${file:PATH}", "file:/run/secrets/pw": "${file:PATH}", "file:///run/pw": "${file:PATH}", "@/run/secrets/pw": "${file:PATH}", "/run/secrets/pw": "${file:PATH}",
		"env:OTOBO_PW": "${NAME}", "$ {OTOBO_PW}": "${NAME}", "$OTOBO_PW}": "${NAME}", "$OTOBO_PW:": "${NAME}", "$$OTOBO_PW": "${NAME}", "%{OTOBO_X}": "${NAME}", "#{OTOBO_X}": "${NAME}", "@{OTOBO_X}": "${NAME}",
		"{OTOBO_PW}": "${NAME}", "<OTOBO_PW>": "${NAME}", "<your password>": "${NAME}", "__OTOBO_PW__": "${NAME}", "!ENV OTOBO_PW": "${NAME}",
		"`cat /run/pw`": "no command", "op://vault/item/pw": "of other programs", "vault:secret/data/x": "of other programs",
		"OTOBO_PW": "a variable of this name", "otobo_pw": "a variable of this name", "$otobo_pw": "a variable of this name", "otobo_lower": "a variable of this name",
	} {
		found := warned(value)
		if len(found) != 1 || found[0].Line != 5 || found[0].Column != 17 || !strings.Contains(found[0].Hint, want) || !strings.Contains(found[0].Hint, "into a variable or a file") {
			t.Errorf("%q: %v", value, found)
		} else if strings.Contains(found[0].String(), value) {
			t.Errorf("%q is shown: %s", value, found[0])
		}
	}
	for _, value := range []string{"$ecretPassw0rd", "pa$$word", "{abc", "PASSWORD", "changeme", "<3<3<3<3", "@home4711", "file", "#hash{x}", "a:b:c:d", "op:something", "__x", "`tick"} {
		if found := warned(value); len(found) > 0 {
			t.Errorf("%q: %v", value, found)
		}
	}
	if _, diags := read(t, config.Options{Env: env}, desk("username", "{OTOBO_PW}")); len(diags) > 0 {
		t.Errorf("a param that is not a secret: %v", diags)
	}
}

func TestASecretThatYAMLSwallowsIsNoEmptyOne(t *testing.T) {
	for value, column := range map[string]int{"&S3cret": 7, "#S3cret": 17, "#geheim": 17, "# comes from the environment": 0, "": 0, `"&S3cret"`: 0, `"#S3cret"`: 0} {
		file := strings.Replace(desk("password", "X"), `"X"`, value, 1)
		d, diags := read(t, config.Options{}, file)
		diags = slices.DeleteFunc(diags.And(check.Check(d, catalogtest.New())), func(p config.Diagnostic) bool { return p.Code != "empty-value" && p.Code != "lost-to-comment" })
		if (column > 0) != (len(diags) == 1) || column > 0 && (diags[0].Severity != config.SeverityError || diags[0].Line != 5 || diags[0].Column != column || strings.Contains(diags[0].String(), "S3cret")) {
			t.Errorf("%q: %v", value, diags)
		}
		for _, p := range diags {
			if excerpt := p.Excerpt([]config.Source{{Name: p.File, Data: []byte(file)}}); excerpt == "" || strings.Contains(excerpt, "S3cret") || strings.Contains(excerpt, "geheim") {
				t.Errorf("%q: the excerpt is %q", value, excerpt)
			}
		}
	}
}

func TestAPasswordThatIsABrokenTemplateGetsTheWayOut(t *testing.T) {
	d, diags := read(t, config.Options{}, desk("password", "pass{{word"))
	diags = diags.And(check.Check(d, catalogtest.New()))
	if i := slices.IndexFunc(diags, func(p config.Diagnostic) bool { return p.Code == "template-syntax" }); i < 0 || !strings.Contains(diags[i].Hint, "put it into a variable or a file") {
		t.Errorf("%v", diags)
	}
}
