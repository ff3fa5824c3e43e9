package config_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestAFileGivesAValueAsItIs(t *testing.T) {
	var opened []string
	options := config.Options{
		Env: []string{"CREDENTIALS_DIRECTORY=/run/credentials/otai", "EMPTY="},
		OpenFile: func(from, path string) (config.SecretFile, error) {
			opened = append(opened, path)
			switch path {
			case "pw", "/run/credentials/otai/pw":
				return config.SecretFile{Content: "correct-horse\n"}, nil
			case "crlf":
				return config.SecretFile{Content: "correct-horse\r\n"}, nil
			case "bare":
				return config.SecretFile{Content: "correct-horse"}, nil
			case "lines":
				return config.SecretFile{Content: "correct-horse\n\n"}, nil
			case "sly":
				return config.SecretFile{Content: "${HOME} {{ 1 + 1 }} $A_B ${file:pw}\n"}, nil
			case "dollar":
				return config.SecretFile{Content: "$OTOBO_PW"}, nil
			case "open":
				return config.SecretFile{Content: "correct-horse", Others: true}, nil
			case "empty":
				return config.SecretFile{Content: "\n"}, nil
			case "forbidden":
				return config.SecretFile{}, fs.ErrPermission
			case "bom":
				return config.SecretFile{Content: "\ufeffcorrect-horse\n"}, nil
			case "utf16":
				return config.SecretFile{Content: "\xff\xfec\x00o\x00"}, nil
			case "latin1":
				return config.SecretFile{Content: "gr\xf6\xdfer-als\n"}, nil
			case "nul":
				return config.SecretFile{Content: "correct\x00horse\n"}, nil
			case "quotes":
				return config.SecretFile{Content: "\"correct-horse\"\n"}, nil
			case "env":
				return config.SecretFile{Content: "OTOBO_PW=correct-horse\n"}, nil
			case "blank":
				return config.SecretFile{Content: "correct-horse \n"}, nil
			case "device":
				return config.SecretFile{}, errors.New("it is a device, not a regular file")
			}
			return config.SecretFile{}, fs.ErrNotExist
		},
	}
	for value, want := range map[string]string{
		"${file:pw}":                          "correct-horse",
		"${file:crlf}":                        "correct-horse",
		"${file:bare}":                        "correct-horse",
		"${file:lines}":                       "correct-horse\n",
		"${file:${CREDENTIALS_DIRECTORY}/pw}": "correct-horse",
		"Basic ${file:pw}!":                   "Basic correct-horse!",
		"${file:sly}":                         "${HOME} {{ 1 + 1 }} $A_B ${file:pw}",
		"${file:dollar}":                      "$OTOBO_PW",
		"$${file:pw}":                         "${file:pw}",
		"${file:-pw}":                         "pw", // the variable named file, as ever
	} {
		d, diags := read(t, options, desk("password", value))
		if diags.HasErrors() {
			t.Errorf("%q: %v", value, diags)
			continue
		}
		parsed, err := jinja.New(jinja.Options{}).Parse(d.Services[0].Params["password"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parsed.Render(t.Context(), api.Scope{}); err != nil || got.Text != want {
			t.Errorf("%q became %q, want %q: %v", value, got.Text, want, err)
		}
		if strings.HasPrefix(value, "${file:p") && !slices.Contains(d.Secrets(), want) {
			t.Errorf("%q: the content is not a secret: %q", value, d.Secrets())
		}
	}
	for value, c := range map[string]struct{ run, check, code, message string }{
		"${file:missing}":              {"error", "warning", "unreadable-file", "there is no file missing"},
		"${file:forbidden}":            {"error", "warning", "unreadable-file", "can't read the file forbidden"},
		"${file:${UNSET}/pw}":          {"error", "warning", "unreadable-file", "UNSET is not set"},
		"${file:${EMPTY}/pw}":          {"error", "warning", "unreadable-file", "EMPTY is not set"},
		"${file:device}":               {"error", "error", "unreadable-file", "it is a device, not a regular file"},
		"${file:empty}":                {"error", "error", "unreadable-file", "is empty"},
		"${file:${EMPTY}/${UNSET}/pw}": {"error", "error", "unreadable-file", "not several"},
		"${file:bom}":                  {"error", "error", "unreadable-file", "byte order mark"},
		"${file:utf16}":                {"error", "error", "unreadable-file", "UTF-16"},
		"${file:latin1}":               {"error", "error", "unreadable-file", "not in UTF-8"},
		"${file:nul}":                  {"error", "error", "unreadable-file", "NUL"},
		"${file:~/pw}":                 {"error", "warning", "unreadable-file", "there is no file ~/pw"},
		"${file: pw}":                  {"error", "warning", "unreadable-file", "there is no file  pw"},
		"${file:lines}":                {"warning", "warning", "file-content", "several line breaks"},
		"${file:quotes}":               {"warning", "warning", "file-content", "quotes around"},
		"${file:env}":                  {"warning", "warning", "file-content", "NAME=VALUE"},
		"${file:blank}":                {"warning", "warning", "file-content", "blanks around"},
		"${file:open}":                 {"warning", "warning", "open-file", "every user of this machine can read the file open"},
	} {
		for absent, severity := range map[bool]string{false: c.run, true: c.check} {
			options.FilesMayBeAbsent = absent
			d, diags := read(t, options, desk("password", value))
			diags = diags.And(check.Check(d, catalogtest.New()))
			diags = slices.DeleteFunc(diags, func(p config.Diagnostic) bool { return !strings.HasSuffix(p.Path, "password") })
			code := c.code
			if severity != c.run {
				code = "not-checked"
			}
			if len(diags) != 1 || diags[0].Severity != severity || diags[0].Code != code || !strings.Contains(diags[0].Message, c.message) || diags[0].Column == 0 || diags[0].Hint == "" ||
				strings.Contains(value, ": ") != strings.Contains(diags[0].Hint, "leave out the blank before") || strings.Contains(value, "~") != strings.Contains(diags[0].Hint, "write the whole path") || strings.Contains(diags[0].String(), "horse") {
				t.Errorf("%q, absent %v: %+v", value, absent, diags)
			}
		}
	}
	opened = nil
	if _, diags := read(t, config.Options{Env: []string{"PW=${file:pw}"}, OpenFile: options.OpenFile}, desk("password", "${PW}")); diags.HasErrors() || len(opened) > 0 {
		t.Errorf("what a variable holds opened %v: %v", opened, diags)
	}
}
