package redact

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

func set(secrets ...string) *Set {
	s := &Set{}
	for _, one := range secrets {
		s.Add(one)
	}
	return s
}

func TestAShortSecretIsMaskedWhereItIsAWord(t *testing.T) {
	s := set("demo", "p@s5", "1234", "straße")
	for in, want := range map[string]string{
		"demo":                              "***",
		"the password is demo.":             "the password is ***.",
		`"demo", 'demo' (demo) [demo] demo`: `"***", '***' (***) [***] ***`,
		"login open_ticket_ai:demo@desk":    "login open_ticket_ai:***@desk",
		"?Password=demo&UserLogin=x":        "?Password=***&UserLogin=x",
		`{\"Password\":\"demo\"}`:           `{\"Password\":\"***\"}`,
		`line\ndemo\nline`:                  `line\n***\nline`,
		"Password%3Ddemo%26x":               "Password%3D***%26x",
		"say%20demo, %22demo%22":            "say%20***, %22***%22",
		"examples/demo/models":              "examples/demo/models",
		"otai-demo demo.yml demo_1 demos":   "otai-demo demo.yml demo_1 demos",
		"a demonstration":                   "a demonstration",
		"xp@s5x and p@s5":                   "xp@s5x and ***",
		"12345 and 1234 and 1234.5":         "12345 and *** and 1234.5",
		"straßen straße":                    "straßen ***",
	} {
		if got := s.Text(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestALongSecretIsMaskedAnywhere(t *testing.T) {
	s := set("hunter2222")
	if got := s.Text("xhunter2222x /hunter2222/"); got != "x***x /***/" {
		t.Error(got)
	}
}

func TestNothingIsMaskedForWhatIsTooShortOrEmpty(t *testing.T) {
	s := set("", "abc", "  ab ", "\n")
	if got := s.Text("abc ab"); got != "abc ab" || len(s.All()) != 0 {
		t.Error(got, s.All())
	}
}

func TestSecretsWithinAndOverEachOtherLeaveNoRest(t *testing.T) {
	if got := set("open", "opensesame", "sesame-street").Text("opensesame opensesame-street"); got != "*** ***" {
		t.Error(got)
	}
	if got := set("aaaaaaaa").Text(strings.Repeat("a", 19)); got != "***" {
		t.Error(got)
	}
}

func TestASecretOfSeveralLinesIsMaskedAsAWholeAndLineByLine(t *testing.T) {
	const secret = "first line\nsecond line\r\nend"
	s := set(secret)
	for in, want := range map[string]string{
		"<" + secret + ">":                      "<***>",
		`<first line\nsecond line\r\nend>`:      "<***>",
		`<first line\r\nsecond line\nend>`:      "<***>",
		`<first line\\nsecond line\\nend>`:      "<***>",
		"<first%20line%0D%0Asecond+line%0Aend>": "<***>",
		"<first line&#10;second line&#xA;end>":  "<***>",
		"the server says: second line":          "the server says: ***",
		"1: first line and 3: end":              "1: *** and 3: end",
	} {
		if got := s.Text(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// encoders are the ways in which others write a text.
var encoders = map[string]func(string) string{
	"plain":    func(s string) string { return s },
	"JSON":     func(s string) string { out, _ := json.Marshal(s); return unquoted(string(out)) },
	"JSON all": func(s string) string { return eachUTF16(s, `\u%04x`) },
	"JSON ALL": func(s string) string { return eachUTF16(s, `\u%04X`) },
	"Go":       func(s string) string { return unquoted(strconv.Quote(s)) },
	"Go ASCII": func(s string) string { return unquoted(strconv.QuoteToASCII(s)) },
	"query":    url.QueryEscape,
	"path":     url.PathEscape,
	"%xx":      func(s string) string { return eachByte(s, "%%%02x") },
	"%XX":      func(s string) string { return eachByte(s, "%%%02X") },
	`\x`:       func(s string) string { return eachByte(s, `\x%02x`) },
	"octal":    func(s string) string { return eachByte(s, `\%03o`) },
	"HTML":     html.EscapeString,
	"&#n;":     func(s string) string { return eachRune(s, "&#%d;") },
	"&#0n;":    func(s string) string { return eachRune(s, "&#%05d;") },
	"&#xn;":    func(s string) string { return eachRune(s, "&#x%x;") },
	"&#Xn;":    func(s string) string { return eachRune(s, "&#X%04X;") },
	"names":    strings.NewReplacer("ä", "&auml;", "€", "&euro;", "&", "&amp;", "<", "&lt;", "'", "&apos;", `"`, "&quot;", "!", "&excl;", "=", "&equals;").Replace,
	"backslash": func(s string) string {
		return strings.NewReplacer(`"`, `\"`, "'", `\'`, "$", `\$`, "/", `\/`, `\`, `\\`, " ", `\ `).Replace(s)
	},
}

func unquoted(s string) string { return s[1 : len(s)-1] }

func eachByte(s, format string) string {
	var out strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&out, format, c)
	}
	return out.String()
}

func eachRune(s, format string) string {
	var out strings.Builder
	for _, c := range s {
		fmt.Fprintf(&out, format, c)
	}
	return out.String()
}

func eachUTF16(s, format string) string {
	var out strings.Builder
	quoted, _ := json.Marshal(s)
	_ = json.Unmarshal(quoted, &s)
	for _, c := range s {
		if c < 0x10000 {
			fmt.Fprintf(&out, format, c)
		} else {
			fmt.Fprintf(&out, format+format, 0xd800+(c-0x10000)>>10, 0xdc00+(c-0x10000)&0x3ff)
		}
	}
	return out.String()
}

var someSecrets = []string{
	"demo", "p@ss", "änd€", "a b+c", `q"\'`, "100%", "&amp;", "%41%42", `\n\n\n`, "4711", "u0041",
	"hunter22", `Gehe!m "pä$$" +&/<4711>%\€ 😀'`, "two\nlines", `C:\new\table`, "%25%25%25%25", "&&&&;;;;", "++++    x", "=======x", "日本語のパスワード",
}

func TestASecretIsMaskedInEveryFormAndInFormsOfForms(t *testing.T) {
	for _, secret := range someSecrets {
		s := set(secret)
		for outerName, outer := range encoders {
			for innerName, inner := range encoders {
				for _, around := range [][2]string{{"", ""}, {"before ", " after"}, {`"`, `"`}, {"%", "%"}, {`\`, " "}, {"&", ";"}, {"=", "&x"}, {"(4", ")"}} {
					if outerName != "plain" && innerName != "plain" && around[0] != "before " && around[0] != "%" {
						continue
					}
					said := around[0] + outer(inner(secret)) + around[1]
					if around[0] == "(4" && len([]rune(secret)) < Long {
						continue // part of a longer word
					}
					if around[0] == "%" || around[0] == `\` || around[0] == "&" {
						if strings.Contains("plain backslash HTML names Go query path JSON", innerName) && len([]rune(secret)) < Long {
							continue // a letter of the word may be taken for a part of the escape before it
						}
					}
					if got := s.Text(said); !strings.Contains(got, Mask) || len(got) > len(around[0])+len(around[1])+len(Mask) {
						t.Errorf("%q as %s of %s: %q became %q", secret, outerName, innerName, said, got)
					}
				}
			}
		}
	}
}

func TestALoginInBase64IsMasked(t *testing.T) {
	for _, secret := range someSecrets {
		s := set(secret)
		for _, user := range []string{"", "a:", "ab:", "abc:", "open_ticket_ai:"} {
			for _, behind := range []string{"", "\n", ":x", " xy"} {
				for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
					encoded := e.EncodeToString([]byte(user + secret + behind))
					for _, outer := range []string{"plain", "query", "JSON all", "&#n;"} {
						said := "Authorization: Basic " + encoders[outer](encoded) + "\r\nHost: x"
						if got := s.Text(said); !strings.Contains(got, Mask) || !strings.HasPrefix(got, "Authorization: Basic ") || !strings.HasSuffix(got, "Host: x") {
							t.Errorf("%q: %q became %q", secret, said, got)
						}
					}
				}
			}
		}
	}
}

func TestWordsThatAreNoBase64OfAShortSecretStay(t *testing.T) {
	s := set("demo", "info", "test") // ZGVtb, aW5mb, dGVzd
	for _, text := range []string{"ZGVtb25zdHJhdGlvbg", "classification of dGVzdHM in Incoming", "the quick brown fox"} {
		if got := s.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestALogLineKeepsItsFormAndItsKeys(t *testing.T) {
	s := set("info", "demo", "2026", "base", "4711471147", `pa"ss<w>ö&rt`, "true", "line\nbreak!")
	for in, want := range map[string]string{
		`{"level":"info","info":"info","time":"2026","message":"an info"}`:               `{"level":"info","info":"***","time":"2026","message":"an info"}`,
		`{"level":"warn","use":"base:CompositePipe","plugin":"demo","x":{"use":"demo"}}`: `{"level":"warn","use":"base:CompositePipe","plugin":"demo","x":{"use":"***"}}`,
		`{"n":2026,"m":12026,"o":-1.5e3,"p":4711471147,"q":[2026,"x"],"r":true}`:         `{"n":"***","m":12026,"o":-1.5e3,"p":"***","q":["***","x"],"r":true}`,
		`{"err":"sent {\"Password\":\"pa\\\"ss\\u003cw>ö&rt\"}"}`:                        `{"err":"sent {\"Password\":\"***\"}"}`,
		`{"a":{"demo":[{"demo":"x demo"}]}}` + "\n":                                      `{"a":{"demo":[{"demo":"x ***"}]}}` + "\n",
		`{"m":"<b> & \"demo\" \u00e4"}`:                                                  `{"m":"<b> & \"***\" ä"}`,
		`{"m":"line\nbreak!"}`:                                                           `{"m":"***"}`,
		`no JSON, but "demo"`:                                                            `no JSON, but "***"`,
	} {
		if got := string(s.Log([]byte(in))); got != want {
			t.Errorf("%s became\n%s, want\n%s", in, got, want)
		}
	}
	if got := string(s.JSON([]byte(`{"level":"info","time":2026}`))); got != `{"level":"***","time":"***"}` {
		t.Errorf("an answer is not a line of a log: %s", got)
	}
}

func TestOtaisOwnWordsInALogAreNoShortSecrets(t *testing.T) {
	s := set("desk", "search", "hunter22hunter22")
	for in, want := range map[string]string{
		`{"plugin":"own","path":"services.desk","operation":"search","err":"search desk","message":"help desk search"}`: `{"plugin":"own","path":"services.desk","operation":"search","err":"*** ***","message":"help desk search"}`,
		`{"err":"desk","message":"help desk"}`:                                `{"err":"***","message":"help desk"}`,
		`{"plugin":"other","message":"help desk"}`:                            `{"plugin":"other","message":"help ***"}`,
		`{"plugin":"own","plugin":"other","message":"help desk"}`:             `{"plugin":"own","plugin":"other","message":"help ***"}`,
		`{"path":"a.hunter22hunter22","message":"hunter22hunter22"}`:          `{"path":"a.***","message":"***"}`,
		`{"err":{"message":"help desk","path":"desk"},"message":"help desk"}`: `{"err":{"message":"help ***","path":"***"},"message":"help desk"}`,
	} {
		if got := string(s.Log([]byte(in), "own")); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
	if got := string(s.JSON([]byte(`{"message":"help desk"}`))); got != `{"message":"help ***"}` {
		t.Errorf("an answer: %s", got)
	}
}

func TestAKeyOfAConfigurationIsNoSecret(t *testing.T) {
	s := set("demo", "name", "hunter22hunter22")
	for in, want := range map[string]string{
		"    3 | demo: demo":            "    3 | demo: ***",
		`  - {"name": name, x: 'demo'}`: `  - {"name": ***, x: '***'}`,
		"name:":                         "name:",
		"user:demo:x":                   "user:***:x",
		"a: hunter22hunter22: x":        "a: ***: x",
	} {
		var spans []span
		for _, place := range s.YAML(in) {
			spans = append(spans, span{place[0], place[1]})
		}
		if got := masked(in, spans); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// lost are characters that a form has none for, such as a NUL in HTML.
func lost(r rune) bool { return r == '\ufffd' || unicode.IsControl(r) && r != '\n' && r != '\t' }

// FuzzMask: whatever the secret is and however it is written, it isn't shown; and a
// line of a log stays one, with the same keys.
func FuzzMask(f *testing.F) {
	names := slices.Sorted(maps.Keys(encoders))
	for i, secret := range someSecrets {
		f.Add(secret, "say ", " twice", byte(i), byte(i*7))
	}
	f.Fuzz(func(t *testing.T, secret, before, after string, inner, outer byte) {
		secret = strings.TrimSpace(strings.ToValidUTF8(secret, ""))
		before, after = strings.ToValidUTF8(before, ""), strings.ToValidUTF8(after, "")
		if len(secret) > 200 || len(before)+len(after) > 1000 || strings.ContainsFunc(secret, lost) || strings.Contains(Mask, secret) {
			return
		}
		written := encoders[names[int(outer)%len(names)]](encoders[names[int(inner)%len(names)]](secret))
		s := set(secret)
		said := before + " " + written + " " + after
		if got := s.Text(said); len(s.All()) > 0 && strings.Count(got, written) > strings.Count(before+" "+Mask+" "+after, written) && len(written) > 3 {
			t.Errorf("%q is left in %q", written, got)
		}
		line, err := json.Marshal(map[string]any{"level": before, secret: []any{said, map[string]any{before: written, "n": 1}}})
		if err != nil {
			t.Fatal(err)
		}
		masked := s.Log(append(line, '\n'))
		var was, is map[string]any
		if json.Unmarshal(line, &was) != nil || json.Unmarshal(masked, &is) != nil {
			t.Fatalf("%q became %q, which isn't JSON", line, masked)
		}
		if len(was) != len(is) || is["level"] != was["level"] {
			t.Errorf("%q became %q", line, masked)
		}
		for key := range was {
			if _, there := is[key]; !there {
				t.Errorf("%q has no key %q any more", masked, key)
			}
		}
	})
}

func TestAPageFullOfEscapesTakesNoTime(t *testing.T) {
	began := time.Now()
	for _, secret := range []string{`\\\\\\\\\\\\`, "&&&&&&&&&&", "%%%%%%%%%%", "%25%25%25%25%25", "äääääääää", "correct-horse", "&amp;&amp;&amp;", `\n\n\n\n\n`} {
		for _, written := range []string{`\`, "%25", "&amp;", "&", "%", `\\u005c`, "%C3%A4", `\xc3\xa4`, "%5c", "&#92;", `\134`, "&#x26;", "%26amp%3B"} {
			set(secret).Text(strings.Repeat(written, 5000/len(written)))
		}
	}
	if took := time.Since(began); took > time.Minute { // it is about a second
		t.Errorf("it took %v", took)
	}
}

func BenchmarkLog(b *testing.B) {
	quiet := []byte(`{"level":"info","plugin":"otai-otobo-znuny","use":"base:UpdateTicketPipe","path":"orchestrator.params.steps[0].params.run.params.steps[3]","ticket":"4711","queue":"IT::Network","time":"2026-11-29T10:00:00Z","message":"the ticket was updated"}` + "\n")
	loud := []byte(`{"level":"warn","plugin":"otai-otobo-znuny","path":"orchestrator.params.steps[0]","err":"the server answered 500: {\"Error\":{\"ErrorMessage\":\"you sent {\\\"Password\\\":\\\"correct-horse-battery\\\"}\"}}","time":"2026-11-29T10:00:00Z","message":"a step failed"}` + "\n")
	escaped := []byte(`{"message":"` + strings.Repeat(`<a href=\"?x=%20&amp;y=%5C&quot;\">\u00e4\\n</a>`, 400) + `"}` + "\n")
	long := []byte(`{"level":"debug","message":"` + strings.Repeat("Sehr geehrte Damen und Herren, ich kann mich nicht mehr anmelden. ", 300) + `"}` + "\n")
	for name, line := range map[string][]byte{"without a secret": quiet, "with one": loud, "20 kB": long, "20 kB of escapes": escaped} {
		for _, count := range []int{0, 1, 5, 50} {
			s := &Set{}
			for i := range count {
				s.Add(fmt.Sprintf("correct-horse-%d", i))
			}
			if count > 0 {
				s.Add("correct-horse-battery")
			}
			b.Run(fmt.Sprintf("%s/%d secrets", name, count), func(b *testing.B) {
				b.SetBytes(int64(len(line)))
				b.ReportAllocs()
				for b.Loop() {
					s.Log(line)
				}
			})
		}
	}
}
