package config_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	"github.com/open-ticket-ai/otai/internal/config"
)

func TestAnExcerptShowsNoSecret(t *testing.T) {
	for name, line := range map[string]string{
		"as the only key":           `  password: hunter22`,
		"after other keys":          `h: {base_url: "http://x", password: hunter22, nope: 1}`,
		"in double quotes":          `h: {"password": "hunter\" hunter22", x: 1`,
		"in single quotes":          `h: {api_token: 'hunter22 hunter22', x: 1`,
		"in quotes that don't end":  `h: {x: 1, password: "hunter22 hunter22`,
		"with nothing after it":     `h: {x: 1, client_secret: hunter22`,
		"in a list":                 `api_keys: [hunter22, "x"]`,
		"in a list within brackets": `h: {x: 1, api_token: ["a", hunter22], y: 1}`,
		"behind a wrong bracket":    `h: {x: 1, password: ] "hunter22" }`,
		"with quotes in it":         `h: {x: 1, password: "a"hunter22"}`,
		"with an anchor":            `h: {x: 1, password: &a hunter22, y: *a}`,
		"with spaces":               `h: {x: 1, password: my hunter22, y: 1}`,
		"with a colon":              `password: x: hunter22`,
		"without space after colon": `h: {"x":1,"password":"hunter22"}`,
		"with a letter missing":     `  pasword: "hunter22"`,
		"with letters swapped":      `  passwrod: hunter22`,
		"with a wrong letter":       `  api-tokan: hunter22`,
		"with two mistakes":         `  PASWORT: hunter22`,
		"as a part of a key":        `  client_secrt: hunter22`,
		"with a separator":          `  pass-word: hunter22`,
		"in short":                  `  db_pw: hunter22`,
	} {
		t.Run(name, func(t *testing.T) {
			p := config.Diagnostic{File: "f", Line: 1, Column: 2}
			got := p.Excerpt([]config.Source{{Name: "f", Data: []byte(line + "\n")}})
			if strings.Contains(got, "hunter22") || !strings.Contains(got, "***") {
				t.Errorf("got %q", got)
			}
		})
	}
}

// shown is the excerpt of the last line of text.
func shown(text, path, code string, column int) string {
	p := config.Diagnostic{File: "f", Line: strings.Count(text, "\n") + 1, Column: column, Path: path, Code: code}
	return p.Excerpt([]config.Source{{Name: "f", Data: []byte(text)}})
}

func TestAnExcerptShowsNoLoginOfAnAddress(t *testing.T) {
	for _, line := range []string{
		`base_url: "http://u:hunter22@127.0.0.1/nph"`, `base_url: http://u:hunter22@127.0.0.1:x/nph`, `base_url: "ftp://u:hunter22@h"`,
		`base_url: "http://h/nph?password=hunter22"`, `base_url: "http://h/nph?a=1&p=hunter22"`, `base_url: "http://u:a/hunter22@h/nph"`,
		`proxy: "http://u:hunter22@h:port"`, `proxy: "http://u:hunter22@[bad"`, `proxy: "htp://u:hunter22@h:1"`, `proxy: "u:hunter22@h:1"`,
		`proxy: "http://u:hunter22#x@h:1"`, `proxy: "http://u:hunter22?x@h:1"`, `proxy: "http://u:hun@hunter22@h:1"`, `proxy: "http://u:x hunter22@h:1"`,
		`proxy: "http://u:hunter22"`, `proxy: ["http://u:hunter22@h:1"]`, `proxi: "http://u:hunter22@h:1"`, `tls: {proxy: "http://u:hunter22@h", nope: 1}`,
		`subject: "password=hunter22"`, `subject: "Password: hunter22"`, `body: "Authorization: Bearer hunter22"`, `timeout: PT1X # password hunter22`, `username: x # http://u:hunter22@h`,
	} {
		for _, path := range []string{"", "services.desk.params.base_url", "services.desk.params.proxy"} {
			if got := shown(line, path, "bad-param", 3); strings.Contains(got, "hunter22") || !strings.Contains(got, "***") {
				t.Errorf("%q at %q: %s", line, path, got)
			}
		}
	}
}

func TestAnExcerptOfBrokenYAMLShowsNoPassword(t *testing.T) {
	for _, text := range []string{
		"password = hunter22", "password=hunter22", "password => hunter22", "password; hunter22", "password - hunter22", "password： hunter22", "password hunter22",
		"  hunter22", "  - hunter22", "password:\nhunter22", "    password:\n  hunter22", "password: |\n    abc\n   hunter22", "password: |\n    abc\n   hun: hunter22", "password: \"abc\n  x: hunter22",
		"client_key: |\n  -----BEGIN PRIVATE KEY-----\n hunter22", `tls: { key: "-----BEGIN PRIVATE KEY-----\nhunter22`, "# password hunter22", "#password hunter22", "username: x # das Passwort hunter22",
		"passwort des agenten: hunter22", "username = x password = hunter22", "base_url: x: hunter22 y", "password = a: hunter22", "tls: [ a, password: \"hunter22\", b: ",
	} {
		if got := shown(text, "", "yaml-syntax", 3); strings.Contains(got, "hunter22") || !strings.Contains(got, "***") {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestAnExcerptOfAnUnknownKeyShowsNoValue(t *testing.T) {
	for _, line := range []string{
		`pass: hunter22`, `auth: "hunter22"`, `auth: { user: x, pass: "hunter22" }`, `authorization: "Bearer hunter22"`, `headers: {Authorization: "Bearer hunter22"}`, `bearer: hunter22`,
		`credentials: [hunter22]`, `user_pass: hunter22`, `mypwd: hunter22`, `psw: hunter22`, `pasw: hunter22`, `key: hunter22`, `login: "user:hunter22"`, `motdepasse: hunter22`, `p: 'hunter22'`,
		`hunter22: password`, `"hunter22": "PW"`, `x: {hunter22: pass}`, `<<: "hunter22"`, `<<: [hunter22]`,
	} {
		if got := shown(line, "services.desk.params.x", "unknown-key", 1); strings.Contains(got, "hunter22") || !strings.Contains(got, "***") {
			t.Errorf("%q: %s", line, got)
		}
	}
}

func TestAnExcerptShowsWhatIsNoSecret(t *testing.T) {
	for line, path := range map[string]string{
		"  max_tokens: 512": "params.max_tokens", "  tokenizer: fast": "params.tokenizer", "  secure: true": "params.secure", "  path: /x": "params.path", "  passenger: x": "params.passenger", "  power: 3": "",
		`  IT::VPN: "Network"`: `params.labels["IT::VPN"]`, `  timeout: "30 Sekunden"`: "", `  intervall: PT5S`: "", `  on: {trigger: "base:Interval", intrval: 5s}`: "",
		`  base_url: "http://127.0.0.1:8080/znuny/nph-genericinterface.pl"`: "", `  base_url: "http://[::1]:80/x"`: "", `  base_url: "https://${HOST}:${PORT}/x"`: "",
		`  subject: "{{ get_pipe_result('a', 'b') }}: done"`: "", `  queues: "{{ x.y }}"`: "", `  use: "base:FetchTicketsPipe"`: "", `  - id: fetch`: "", `  username: [x]`: "",
		`  password: "${PWX}"`: "services.d.params.password", `  password: ${file:/run/secrets/pw}`: "", `  pasword: '${file:${CREDENTIALS_DIRECTORY}/pw}'`: "", `  api_token: "{{ get_env('HF_TOKEN') }}"`: "",
		"  password: >-": "", "  # what is fetched": "",
	} {
		if got := shown(line, path, "bad-param", 2); !strings.Contains(got, line) {
			t.Errorf("%q is shown as %q", line, got)
		}
	}
	if got := shown(`{% set x = {"a": "b"} %}{{ x | nope }}`, "", "template", 2); !strings.Contains(got, `{"a": "b"}`) {
		t.Errorf("a template: %s", got)
	}
}

func TestTheCaretStaysAtItsPlaceBehindAMask(t *testing.T) {
	for line, column := range map[string]int{
		`{password: "a-long-password-of-mine", nope: 1}`: 39,
		`{password: "x", nope: 1}`:                       17,
		`{password: pä, nope: 1}`:                        16,
		`nope: {password: "a-long-password-of-mine"}`:    1,
	} {
		got := shown(line, "services.desk.params.nope", "unknown-key", column)
		text, caret, _ := strings.Cut(got, "\n")
		if below := string([]rune(text)[strings.Index(caret, "^"):]); !strings.HasPrefix(below, "nope") {
			t.Errorf("%q: the caret stands below %q", line, below)
		}
	}
	p := config.Diagnostic{File: "f", Line: 1, Column: 35, Path: "a.nope", Code: "wrong-type"}
	got := p.Excerpt([]config.Source{{Name: "f", Data: []byte(`{username: some-long-secret, text: nope}`)}}, func(string) [][2]int { return [][2]int{{11, 27}} })
	if text, caret, _ := strings.Cut(got, "\n"); text[strings.Index(caret, "^")+1:] != "nope}" {
		t.Errorf("behind what a redactor took out: %s", got)
	}
}

func TestAKeyThatIsThePasswordIsNotNamed(t *testing.T) {
	d, diags := read(t, config.Options{}, "services:\n  desk:\n    use: otobo-znuny:OTOBOZnunyTicketSystemService\n    params: {base_url: \"http://x\", hunter22: password, Sonne: passwort}\n"+smallest)
	for _, p := range diags.And(check.Check(d, catalogtest.New())) {
		if strings.Contains(p.String(), "hunter22") || strings.Contains(p.String(), "Sonne") {
			t.Errorf("it is shown: %s", p)
		}
	}
}

func TestAnExcerptOfALongLineShowsThePlaceOnly(t *testing.T) {
	line := "subject: \"" + strings.Repeat("ä", 4990) + "HERE" + strings.Repeat("ö", 5000)
	for column, want := range map[int]string{1: "subject", 5001: "HERE", 10_004: "ö"} {
		p := config.Diagnostic{File: "f", Line: 1, Column: column}
		got := p.Excerpt([]config.Source{{Name: "f", Data: []byte(line)}})
		shown, caret, _ := strings.Cut(got, "\n")
		if utf8.RuneCountInString(shown) > 250 {
			t.Errorf("column %d: %d characters are shown", column, utf8.RuneCountInString(shown))
		}
		at := strings.Index(caret, "^") // what is before it is ASCII
		if below := string([]rune(shown)[at:]); !strings.HasPrefix(below, want) {
			t.Errorf("column %d: the caret stands below %.8q, want %q", column, below, want)
		}
	}
}
