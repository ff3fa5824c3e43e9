package config

import (
	"net"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
)

// Admin is the door for other machines, or other users of this one, by HTTP.
type Admin struct {
	Listen      string // address and port; "": there is none
	Token       string // a secret; "": nothing that needs one is answered
	Cert, Key   string // files; "": without TLS
	MetricsOpen bool   // /metrics needs no token
}

// shortestToken is that of a token that can't be guessed.
const shortestToken = 16

// tlsNone is the value of tls that does without it.
const tlsNone = "none"

func (d decoder) admin(f field) (out Admin) {
	d.keys(f, vocabulary.AdminKeys)
	listen, token, tls := f.key("listen"), f.key("token"), f.key("tls")
	out.Listen, out.Token = strings.TrimSpace(d.text(listen)), d.text(token)
	if b := d.boolean(f.key("metrics_open")); b != nil {
		out.MetricsOpen = *b
	}
	none := false
	if tls.isMapping() {
		d.keys(tls, vocabulary.AdminTLSKeys)
		out.Cert, out.Key = d.text(tls.key("cert_file")), d.text(tls.key("key_file"))
		if (out.Cert == "" || out.Key == "") && !d.unknown(tls.key("cert_file")) && !d.unknown(tls.key("key_file")) {
			d.diags.ReportError(tls.At, tls.path(), "missing-key", "write tls: {cert_file: …, key_file: …}", "a certificate and its key are both needed")
		}
	} else if text := d.text(tls); text != "" {
		if none = text == tlsNone; !none && !d.unknown(tls) {
			d.diags.ReportError(tls.At, tls.path(), "bad-value", "write tls: {cert_file: …, key_file: …}, or tls: none", "this says nothing about TLS")
		}
	}
	if out.Token != "" && len(out.Token) < shortestToken && !d.unknown(token) {
		d.diags.ReportError(token.At, token.path(), "bad-value", "make one with: openssl rand -hex 16", "the token has fewer than %d characters: it could be guessed", shortestToken)
	}
	if out.Listen == "" || d.unknown(listen) {
		return out
	}
	host, port, err := net.SplitHostPort(out.Listen)
	if number, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || number == 0 {
		d.diags.ReportError(listen.At, listen.path(), "bad-value", "write an address and a port, such as 127.0.0.1:8484", "%q can't be listened at", out.Listen)
		return out
	}
	if Loopback(host) || tls.isMapping() {
		return out
	}
	if none {
		d.diags.Warn(tls.At, tls.path(), "not-encrypted", "use it only where nobody else is in the network, as between containers", "the token and all answers go over the network in the clear")
		return out
	}
	d.diags.ReportError(listen.At, listen.path(), "not-encrypted", "add tls: {cert_file: …, key_file: …}, or listen at 127.0.0.1", "beyond this machine the token would go over the network in the clear")
	return out
}

// Loopback reports whether only this machine reaches an address.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
