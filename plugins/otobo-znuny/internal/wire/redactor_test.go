package wire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

const oddPassword = `Gehe!m "pä$$" +&/<4711>%\€ 😀'`

// quotations are the ways in which a server may quote a text.
func quotations(text string) []string {
	inJSON, _ := json.Marshal(text)
	twice, _ := json.Marshal(string(inJSON))
	list := []string{
		text, strconv.Quote(text), strconv.QuoteToASCII(text), string(inJSON), string(twice), html.EscapeString(text), url.QueryEscape(text), url.PathEscape(text),
		url.QueryEscape(url.QueryEscape(text)), html.EscapeString(string(inJSON)), strings.ToUpper(url.PathEscape(text)),
		base64.StdEncoding.EncodeToString([]byte(text)), base64.URLEncoding.EncodeToString([]byte(text)),
	}
	return append(list, "["+strings.Join(list, " | ")+"]")
}

func TestWhatAServerQuotesOfTheRequestIsRedacted(t *testing.T) {
	for _, text := range []string{oddPassword, "correct-horse", "0123456789abcdef"} {
		for _, said := range quotations(text) {
			if got := redact("before "+said+" after", newSecret(text)); strings.Contains(got, "4711") || strings.Contains(got, "horse") || strings.Contains(got, "789abc") ||
				!strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") || !strings.Contains(got, "***") {
				t.Errorf("%q is left as %q", said, got)
			}
		}
	}
}

func TestAShortSecretIsRedactedWhereItIsAWordOrEscaped(t *testing.T) {
	for _, c := range []struct{ secret, said, want string }{
		{"demo", "examples/demo/models, a demonstration, otai-demo", "examples/demo/models, a demonstration, otai-demo"},
		{"demo", `you sent {"Password":"demo"}`, `you sent {"Password":"***"}`},
		{"demo", `{\"Password\":\"demo\"}\ndemo`, `{\"Password\":\"***\"}\n***`},
		{"demo", "Password=demo&UserLogin=x Password%3Ddemo", "Password=***&UserLogin=x Password%3D***"},
		{"demo", "%64emo xdem%6fx &#100;emo &#x64;&#x65;&#x6D;&#x6f; \\u0064emo", "*** x***x *** *** ***"},
		{"p&ss", "p%26ss p&amp;ss &#112;&#38;&#115;&#115; p&ss xp&ss", "*** *** *** *** xp&ss"},
		{"demo", "Basic b3Blbl90aWNrZXRfYWk6ZGVtbw== but ZGVtb25zdHJhdGlvbg", "Basic *** but ZGVtb25zdHJhdGlvbg"},
		{"abc", "abc is too short", "abc is too short"},
		{"", "nothing", "nothing"},
		{"two\nlines", `two\nlines two\\nlines two%0D%0Alines "two` + "\r\n" + `lines"`, `*** *** *** "***"`},
		{"Grüße€!!", "Gr&uuml;&szlig;e&euro;!!", "***"},
	} {
		if got := redact(c.said, newSecret(c.secret), secret{}); got != c.want {
			t.Errorf("%q in %q: %q, want %q", c.secret, c.said, got, c.want)
		}
	}
}

func TestAServerThatQuotesTheRequestRevealsNothing(t *testing.T) {
	for _, useSession := range []bool{false, true} {
		for name, answer := range map[string]func(w http.ResponseWriter, quoted string){
			"a SOAP-like error": func(w http.ResponseWriter, q string) {
				w.WriteHeader(500)
				fmt.Fprintf(w, `{"faultcode":"Server","faultstring":%q}`, q)
			},
			"a sentence": func(w http.ResponseWriter, q string) { w.WriteHeader(500); _, _ = io.WriteString(w, "Died: "+q) },
			"a rejection": func(w http.ResponseWriter, q string) {
				fmt.Fprintf(w, `{"Error":{"ErrorCode":"TicketGet.Odd","ErrorMessage":%q}}`, q)
			},
			"a page":        func(w http.ResponseWriter, q string) { w.WriteHeader(502); fmt.Fprintf(w, "<title>%s</title>", q) },
			"a plain error": func(w http.ResponseWriter, q string) { w.WriteHeader(503); _, _ = io.WriteString(w, q) },
			"a redirect": func(w http.ResponseWriter, q string) {
				w.Header().Set("Location", "https://x/"+url.PathEscape(q))
				w.WriteHeader(302)
			},
			"no JSON": func(w http.ResponseWriter, q string) { _, _ = io.WriteString(w, "{"+q) },
			"no HTTP": func(w http.ResponseWriter, q string) {
				c, _, err := w.(http.Hijacker).Hijack()
				if err == nil {
					fmt.Fprintf(c, "HTTP/1.1 %s\r\n\r\n", q)
					_ = c.Close()
				}
			},
		} {
			for _, pad := range []int{0, 280} { // cut off in the middle of it
				s := connectToAnswer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					raw, _ := io.ReadAll(r.Body)
					if strings.HasSuffix(r.URL.Path, "session-create") {
						_, _ = io.WriteString(w, `{"SessionID":"5ess!on-4711"}`)
						return
					}
					var m map[string]any
					_ = json.Unmarshal(raw, &m)
					text := fmt.Sprint(m["Password"])
					if useSession {
						text = fmt.Sprint(m["SessionID"])
					}
					answer(w, strings.Repeat("x", pad)+strings.Join(quotations(text), " ")+string(raw))
				}), func(c *Config) { c.Password, c.UseSession = oddPassword, useSession })
				_, err := s.Read(t.Context(), TicketGet, "1", Message{"TicketID": "1"})
				for _, piece := range []string{"Gehe", "4711", "5ess", "47", base64.RawStdEncoding.EncodeToString([]byte(oddPassword))[:8]} {
					if err == nil || strings.Contains(strings.ReplaceAll(err.Error(), s.service, ""), piece) {
						t.Errorf("%s, session %v, %q: %v", name, useSession, piece, err)
					}
				}
				if !errors.Is(err, api.ErrInvalid) && !errors.Is(err, api.ErrTemporary) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

// FuzzRedact: whatever the password is, it is taken out, and nothing panics.
func FuzzRedact(f *testing.F) {
	f.Add(oddPassword, "said")
	f.Add("[a-z]+(\\", "\xff\x00")
	f.Fuzz(func(t *testing.T, password, said string) {
		got := redact(said+password, newSecret(password))
		if utf8.RuneCountInString(password) >= longSecret && utf8.ValidString(password) && strings.Contains(got, password) && !strings.Contains("***", password) {
			t.Errorf("%q is left in %q", password, got)
		}
	})
}
