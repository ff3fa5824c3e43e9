package redactor

import (
	"bytes"
	"slices"
	"testing"
)

func TestTheRedactor(t *testing.T) {
	for name, c := range map[string]struct {
		secrets  []string
		in, want string
	}{
		"replaces a secret wherever it stands":          {[]string{"hunter22"}, "login hunter22:hunter22", "login ***:***"},
		"leaves short words alone":                      {[]string{"yes"}, "yes or no", "yes or no"},
		"takes a secret within another as part of it":   {[]string{"open", "opensesame"}, "opensesame", "***"},
		"knows a secret written as JSON":                {[]string{`pa"ss<w>ort`}, `{"a":"pa\"ss\u003cw\u003eort","b":"pa\"ss<w>ort"}`, `{"a":"***","b":"***"}`},
		"ignores space around a secret":                 {[]string{" tokentoken\n"}, "tokentoken", "***"},
		"passes everything while it knows no secret":    {nil, "hunter22", "hunter22"},
		"keeps characters of other scripts as they are": {[]string{"größer!!"}, "äöü größer!! ß", "äöü *** ß"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Redactor{}
			for _, s := range c.secrets {
				r.Add(s)
			}
			if got := r.Text(c.in); got != c.want {
				t.Errorf("Text: got %q, want %q", got, c.want)
			}
			var out bytes.Buffer
			if n, err := r.Writer(&out).Write([]byte(c.in)); n != len(c.in) || err != nil {
				t.Errorf("Write: %d, %v", n, err)
			}
			if out.String() != c.want {
				t.Errorf("Writer: got %q, want %q", out.String(), c.want)
			}
		})
	}
}

func TestAVariableNamedLikeASecretIsLearnedWhenItIsRead(t *testing.T) {
	r := &Redactor{}
	env := r.Env(func(name string) (string, bool) { return "value-of-" + name, true })
	secret := []string{"HF_TOKEN", "DB_PASS", "OPENAI_KEY", "DESK_CREDENTIALS", "DESK_CREDENTIAL", "BASIC_AUTH", "X_BEARER", "DESK_PSW", "GEHEIMNIS", "KENNWORT_DESK", "apiKey", "dbPass"}
	plain := []string{"HOME", "PWD", "OLDPWD", "KEY_FILE", "SSH_AUTH_SOCK", "CREDENTIALS_DIRECTORY", "PUBLIC_KEY", "KEYBOARD", "COMPASS_X", "AUTHOR", "MONKEY"}
	for _, name := range slices.Concat(secret, plain) {
		env(name)
		got := r.Text("value-of-" + name + "!")
		if want := "value-of-" + name + "!"; slices.Contains(plain, name) && got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		} else if slices.Contains(secret, name) && got != "***!" {
			t.Errorf("%s is shown: %q", name, got)
		}
	}
	r = &Redactor{}
	r.Env(func(string) (string, bool) { return "TRUE", true })("HF_HUB_DISABLE_IMPLICIT_TOKEN")
	if got := r.Text("TRUE"); got != "TRUE" {
		t.Errorf("a switch became the secret %q", got)
	}
}

func TestThePasswordOfAProxyIsASecretAndNoMoreOfIt(t *testing.T) {
	for _, address := range []string{"http://agent:hunter%2022@proxy.example:3128", "agent:hunter%2022@proxy.example:3128", "http://agent:hunter%2022@[bad"} {
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
			r := &Redactor{}
			r.addProxies(func(asked string) (string, bool) { return address, asked == name })
			if got := r.Text("agent proxy.example 3128 hunter%2022 hunter 22"); got != "agent proxy.example 3128 *** ***" {
				t.Errorf("%s=%s: %q", name, address, got)
			}
		}
	}
	r := &Redactor{}
	r.addProxies(func(asked string) (string, bool) { return "http://proxy.example:3128", asked == "HTTP_PROXY" })
	if len(r.All()) > 0 {
		t.Errorf("learned %q", r.All())
	}
}
