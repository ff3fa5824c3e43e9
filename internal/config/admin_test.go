package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config"
)

func TestWhoIsLetInByHTTP(t *testing.T) {
	const token = "a-token-of-the-tests"
	for _, tt := range []struct {
		name, admin string
		want        config.Admin
		found       string // code of the only one; "": none
	}{
		{"nothing given", "", config.Admin{}, ""},
		{"on this machine", "{listen: '127.0.0.1:8484', token: " + token + "}", config.Admin{Listen: "127.0.0.1:8484", Token: token}, ""},
		{"by name, open metrics, no token", "{listen: 'localhost:8484', metrics_open: true}", config.Admin{Listen: "localhost:8484", MetricsOpen: true}, ""},
		{"on IPv6", "{listen: '[::1]:8484'}", config.Admin{Listen: "[::1]:8484"}, ""},
		{"for others, with TLS", "{listen: '0.0.0.0:8484', token: " + token + ", tls: {cert_file: c.pem, key_file: k.pem}}", config.Admin{Listen: "0.0.0.0:8484", Token: token, Cert: "c.pem", Key: "k.pem"}, ""},
		{"for others, without TLS", "{listen: '0.0.0.0:8484', token: " + token + "}", config.Admin{}, "not-encrypted"},
		{"for others, at every address", "{listen: ':8484'}", config.Admin{}, "not-encrypted"},
		{"for others, without TLS on purpose", "{listen: '0.0.0.0:8484', tls: none}", config.Admin{Listen: "0.0.0.0:8484"}, "not-encrypted"},
		{"a certificate without a key", "{listen: '127.0.0.1:8484', tls: {cert_file: c.pem}}", config.Admin{}, "missing-key"},
		{"another word for TLS", "{listen: '127.0.0.1:8484', tls: off-please}", config.Admin{}, "bad-value"},
		{"a short token", "{listen: '127.0.0.1:8484', token: short}", config.Admin{}, "bad-value"},
		{"no port", "{listen: '127.0.0.1'}", config.Admin{}, "bad-value"},
		{"any port", "{listen: '127.0.0.1:0'}", config.Admin{}, "bad-value"},
		{"an unknown key", "{listen: '127.0.0.1:8484', port: 1}", config.Admin{}, "unknown-key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := "orchestrator: {params: {steps: []}}\n"
			if tt.admin != "" {
				file = "infrastructure: {admin: " + tt.admin + "}\n" + file
			}
			d, diags := config.Read(config.Options{Files: []config.Source{{Name: "f", Data: []byte(file)}}})
			var codes []string
			for _, p := range diags {
				codes = append(codes, p.Code)
			}
			if strings.Join(codes, " ") != tt.found {
				t.Fatalf("found %v, want %q", diags, tt.found)
			}
			if !diags.HasErrors() && d.Admin != tt.want {
				t.Errorf("got %+v, want %+v", d.Admin, tt.want)
			}
			if d != nil && d.Admin.Token != "" && !slices.Contains(d.Secrets(), d.Admin.Token) && !diags.HasErrors() {
				t.Error("the token isn't known to be secret")
			}
		})
	}
}
