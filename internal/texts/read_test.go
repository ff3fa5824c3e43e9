package texts

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// shown writes texts as people see them: place, then text or error.
func shown(ctx context.Context, files []string, o Options) []string {
	var all []string
	for t := range Read(ctx, files, o) {
		switch {
		case t.Err != nil:
			all = append(all, t.Place()+" ! "+t.Err.Error())
		default:
			all = append(all, t.Place()+" = "+t.Text)
		}
	}
	return all
}

func TestEachFormatYieldsItsTexts(t *testing.T) {
	mail := func(header, body string) string {
		return "From: a@example.com\r\nSubject: =?iso-8859-1?Q?Drucker_=FCberhitzt?=\r\n" + header + "\r\n\r\n" + body
	}
	html := "<html><head><title>no</title><style>p { x }</style></head><body><p>The <b>V</b>PN is\nslow &amp; breaks</p><br>Bye</body></html>"
	for _, c := range []struct {
		name, file, content string
		options             Options
		want                []string
	}{
		{"a file is one text", "a.txt", "one\ntwo\n", Options{}, []string{"a.txt = one\ntwo\n"}},
		{"a text that begins like a field is not a mail", "a.txt", "Hello: I need help\nFrom: me\nfoo\n", Options{}, []string{"a.txt = Hello: I need help\nFrom: me\nfoo\n"}},
		{"a byte order mark is not part of it", "a.txt", "\xef\xbb\xbftext", Options{}, []string{"a.txt = text"}},
		{"UTF-16 is known by its mark", "a.txt", "\xff\xfeV\x00P\x00N\x00", Options{}, []string{"a.txt = VPN"}},
		{"another encoding is named", "a.txt", "Pr\xfcfung", Options{Encoding: "windows-1252"}, []string{"a.txt = Prüfung"}},
		{"a text that is not UTF-8", "a.txt", "Pr\xfcfung", Options{}, []string{"a.txt ! byte 3, 0xFC, is not UTF-8; name the encoding, as in --encoding windows-1252"}},
		{"a binary file", "a.bin", "\x7fELF\x02\x00", Options{}, []string{"a.bin ! it is not text: byte 6 is zero; a text in UTF-16 without a byte order mark needs --encoding utf-16le"}},
		{"an empty file", "a.txt", " \n", Options{}, []string{"a.txt ! there is no text in it"}},
		{"a file that is too long", "a.txt", strings.Repeat("x", MaxBytes+1), Options{}, []string{"a.txt ! it is longer than 16 MiB"}},
		{"a table without a column", "a.csv", "a,b\n1,2\n", Options{}, []string{"a.csv ! it is a table: say which column has the text with --column, or with --format text that the whole file is one"}},
		{"a table taken as one text", "a.csv", "a,b\n1,2\n", Options{Format: Plain}, []string{"a.csv = a,b\n1,2\n"}},

		{"a mail's subject and plain body", "a.eml", mail("Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable", "l=E4uft\r\nhei=\r\n=DF"), Options{}, []string{"a.eml = Drucker überhitzt\nläuft\nheiß"}},
		{"a mail is known by its header", "a", mail("Content-Type: text/plain; charset=windows-1252\r\nContent-Transfer-Encoding: base64", base64.StdEncoding.EncodeToString([]byte("hei\xdf \x80"))), Options{}, []string{"a = Drucker überhitzt\nheiß €"}},
		{"a mail of an mbox file", "a", "From a@example.com Thu Jan  1 00:00:00 2026\n" + mail("X: y", "hot"), Options{}, []string{"a = Drucker überhitzt\nhot"}},
		{
			"of a mail's parts the plain ones, without attachments", "a.eml", mail("Content-Type: multipart/mixed; boundary=XX",
				"--XX\r\nContent-Type: multipart/alternative; boundary=YY\r\n\r\n--YY\r\nContent-Type: text/plain\r\n\r\nplain\r\n--YY\r\nContent-Type: text/html\r\n\r\n<p>rich\r\n--YY--\r\n"+
					"--XX\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=x\r\n\r\nattached\r\n--XX--\r\n"),
			Options{},
			[]string{"a.eml = Drucker überhitzt\nplain"},
		},
		{"a mail in HTML alone", "a.eml", mail("Content-Type: text/html; charset=utf-8", html), Options{}, []string{"a.eml = Drucker überhitzt\nThe VPN is slow & breaks\nBye"}},
		{"a mail that does not say its encoding", "a.eml", mail("X: y", "hei\xdf"), Options{Encoding: "iso-8859-1"}, []string{"a.eml = Drucker überhitzt\nheiß"}},
		{"a mail in an encoding that nobody knows", "a.eml", mail("Content-Type: text/plain; charset=x-nothing", "hei\xdf"), Options{}, []string{"a.eml ! byte 23, 0xDF, is not UTF-8; name the encoding, as in --encoding windows-1252"}},
		{"a mail without a text", "a.eml", "From: a@example.com\r\nDate: x\r\nContent-Type: image/png\r\n\r\nxx", Options{}, []string{"a.eml ! there is no text in it"}},

		{"a mail whose lines end as on old Macs", "a", "From: a@example.com\rSubject: hot\r\rtoner\rempty\r", Options{}, []string{"a = hot\ntoner\nempty"}},
		{"a uuencoded mail", "a.eml", mail("Content-Transfer-Encoding: x-uuencode", "see below\r\nbegin 644 a.txt\r\n,5&]N97(@96UP='D*\r\n`\r\nend\r\n"), Options{}, []string{"a.eml = Drucker überhitzt\nToner empty"}},
		{"a mail that is not uuencoded", "a.eml", mail("Content-Transfer-Encoding: x-uuencode", "see below"), Options{}, []string{"a.eml ! the mail is damaged: a part of it is said to be uuencoded and is not; get it again from where it came"}},
		{"a transfer encoding that nobody knows", "a.eml", mail("Content-Transfer-Encoding: x-zip", "abc"), Options{}, []string{`a.eml ! a part of the mail is in the transfer encoding "x-zip", which is not known; save the mail anew from a mail program, or take the text out of it`}},
		{"of an attachment no encoding counts", "a.eml", mail("Content-Type: multipart/mixed; boundary=XX", "--XX\r\n\r\nhot\r\n--XX\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: x-zip\r\n\r\nabc\r\n--XX--\r\n"), Options{}, []string{"a.eml = Drucker überhitzt\nhot"}},
		{"a mail that is cut off", "a.eml", mail("Content-Type: multipart/mixed; boundary=XX", "--XX\r\nContent-Type: text/plain\r\n\r\nhot"), Options{}, []string{"a.eml ! the mail ends in the middle of a part: it was cut off; get it again from where it came"}},
		{"a mail that is not base64", "a.eml", mail("Content-Transfer-Encoding: base64", "!!!!"), Options{}, []string{"a.eml ! a part of the mail is said to be base64 and is not (at its byte 1): the mail is damaged; get it again from where it came"}},
		{"a subject in an encoding that nobody knows", "a.eml", "From: a@example.com\nSubject: =?martian?Q?x?=\n\nhot", Options{}, []string{`a.eml ! the mail's subject is written in an encoding that is not known: "=?martian?Q?x?="; write it in UTF-8, or take the text out of the mail`}},
		{"a field whose name has a space", "a.eml", "From: a@example.com\nno field: b\n\nhot", Options{}, []string{`a.eml ! it is not a mail: its header has a line that is not a field, "no field: b"; with --format text the file is one text as it is`}},
		{"a header that begins with a space", "a.eml", " a\r\nFrom: a@example.com\r\n\r\nhot", Options{}, []string{`a.eml ! it is not a mail: its header has a line that is not a field, " a"; with --format text the file is one text as it is`}},
		{"a line of the header that is not a field", "a.eml", "From: a@example.com\nno field\n\nhot", Options{}, []string{`a.eml ! it is not a mail: its header has a line that is not a field, "no field"; with --format text the file is one text as it is`}},
		{"a header without an end", "a.eml", "From: a@example.com\n" + strings.Repeat("X-A: b\n", 300_000) + "\nhot", Options{}, []string{"a.eml ! the mail's header is larger than 1 MiB: this is not a mail, or it is damaged; with --format text the file is one text as it is"}},
		{"parts in parts in parts", "a.eml", nestedMail(20_000), Options{}, []string{"a.eml ! the mail's parts are nested deeper than 32 levels, which no mail program writes; save the message that matters as a mail of its own"}},
		{"parts in parts, as mails have them", "a.eml", nestedMail(20), Options{}, []string{"a.eml = deep\nhot"}},
		{"too many parts", "a.eml", mail("Content-Type: multipart/mixed; boundary=XX", strings.Repeat("--XX\r\n\r\nhot\r\n", 2000)+"--XX--\r\n"), Options{}, []string{"a.eml ! the mail has more than 1000 parts; save the message that matters as a mail of its own"}},

		{"a table whose lines end as on old Macs", "a.csv", "s,b\r1,one\r2,\"two\"\r", Options{Columns: []string{"b"}}, []string{"a.csv:2 = one", "a.csv:3 = two"}},
		{"a table without rows", "a.csv", "s,b\n", Options{Columns: []string{"b"}}, []string{"a.csv ! the table has a header and no rows"}},
		{"a column that is there twice", "a.csv", "b,s,b\n1,2,3\n", Options{Columns: []string{"b"}}, []string{`a.csv:1 ! the header has the column "b" twice, as number 1 and 3; give one another name`}},
		{"another column that is there twice", "a.csv", "s,s,b\n1,2,3\n", Options{Columns: []string{"b"}}, []string{"a.csv:2 = 3"}},
		{"a spreadsheet that says its separator", "a.csv", "\xef\xbb\xbfsep=;\r\ns;b,c\r\n1;2\r\n3\r\n", Options{Columns: []string{"b,c"}}, []string{"a.csv:3 = 2", "a.csv:4 ! the header has 2 fields and this row 1; a field with the separator in it needs quotes"}},
		{"a separator of its own", "a.csv", "sep=^\ns^b\n1^2\n", Options{Columns: []string{"b"}}, []string{"a.csv:3 = 2"}},

		{"a column of a table", "a.csv", "id,body\n1,\"one\nmore, \"\"two\"\"\"\n2,three\n", Options{Columns: []string{"body"}}, []string{"a.csv:2 = one\nmore, \"two\"", "a.csv:4 = three"}},
		{"several columns, as a spreadsheet exports them", "a.csv", "\xef\xbb\xbfSubject;Body;x\r\nS;B, b;1\r\n;B;1\r\n", Options{Columns: []string{"subject", "body"}}, []string{"a.csv:2 = S B, b", "a.csv:3 = B"}},
		{"tabs, in a file whose name says nothing", "a", "s\tb\n1\t2\n", Options{Columns: []string{"b"}}, []string{"a:2 = 2"}},
		{"broken rows, and the others go on", "a.csv", "s,b\nx\ny,\"z\"z\nq,\xfc\nv, \nlast,row\nw,\"open\n", Options{Columns: []string{"b"}}, []string{
			"a.csv:2 ! the header has 2 fields and this row 1; a field with the separator in it needs quotes",
			`a.csv:3 ! a quoted field is not closed, or has a quote in it that is not doubled ("")`,
			"a.csv:4 ! byte 1, 0xFC, is not UTF-8; name the encoding, as in --encoding windows-1252",
			"a.csv:5 ! there is no text in it",
			"a.csv:6 = row",
			`a.csv:7 ! a quoted field is not closed, or has a quote in it that is not doubled ("")`,
		}},
		{"a column that is not there", "a.csv", "s;b\n1;2\n", Options{Columns: []string{"body"}}, []string{`a.csv:1 ! there is no column "body"; there are "s", "b"`}},
		{"a row without an end", "a.csv", "s,b\n1,2\n1,\"" + strings.Repeat("x", MaxBytes+3*headBytes), Options{Columns: []string{"b"}}, []string{"a.csv:2 = 2", "a.csv:3 ! a row is longer than 16 MiB"}},
		{"an empty table", "a.csv", "", Options{Columns: []string{"b"}}, []string{"a.csv ! there is no text in it"}},

		{"an object a line", "a.jsonl", "{\"t\":{\"s\":\"VPN\"},\"b\":\"off\"}\n\n{\"t\":{\"s\":null},\"b\":5}\nno\n{\"b\":{}}\n[1]\n{\"t\":{\"s\":\"x\"},\"b\":{}}", Options{Columns: []string{"t.s", "b"}}, []string{
			"a.jsonl:1 = VPN off", "a.jsonl:3 = 5",
			"a.jsonl:4 ! it is not JSON: invalid character 'o' in literal null (expecting 'u')",
			`a.jsonl:5 ! there is no column "t.s"; there are "b"`,
			"a.jsonl:6 ! a JSON object is needed, not an array",
			`a.jsonl:7 ! the column "b" is not text but {}…`,
		}},
		{"an array of objects", "a.json", "[\n {\"s\": \"one\"},\n {\"s\":\n  \"two\"}\n]\n", Options{Columns: []string{"s"}}, []string{"a.json:2 = one", "a.json:3 = two"}},
		{"objects over several lines", "a.json", "{\n\"s\": \"one\"}\n{\"s\": \"two\"}", Options{Columns: []string{"s"}}, []string{"a.json:1 = one", "a.json:3 = two"}},
		{"an array that ends too early", "a.json", "[{\"s\": \"one\"},\n{\"s\"", Options{Columns: []string{"s"}}, []string{"a.json:1 = one", "a.json:2 ! the JSON ends too early"}},

		{"lines", Stdin, "\xef\xbb\xbfone\r\n\nPr\xfcfung\nlast", Options{Format: Lines}, []string{
			"standard input:1 = one", "standard input:2 ! there is no text in it", "standard input:3 ! byte 3, 0xFC, is not UTF-8; name the encoding, as in --encoding windows-1252", "standard input:4 = last",
		}},
		{"a line that is too long, and the next", Stdin, strings.Repeat("x", MaxBytes+2) + "\nnext\n", Options{Format: Lines}, []string{"standard input:1 ! a line is longer than 16 MiB", "standard input:2 = next"}},
		{"texts between zero bytes", Stdin, "one\nmore\x00two", Options{Format: NUL}, []string{"standard input, text 1 = one\nmore", "standard input, text 2 = two"}},
		{"nothing", Stdin, "", Options{Format: Lines}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.Dir = t.TempDir()
			c.options.Stdin = strings.NewReader(c.content)
			if c.file != Stdin {
				if err := os.WriteFile(filepath.Join(c.options.Dir, c.file), []byte(c.content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(c.want, shown(t.Context(), []string{c.file}, c.options)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// nestedMail has that many parts, each in the one before.
func nestedMail(depth int) string {
	var b strings.Builder
	b.WriteString("From: a@example.com\nSubject: deep\n")
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	b.WriteString("Content-Type: text/plain\n\nhot\n")
	for i := range depth {
		fmt.Fprintf(&b, "--b%d--\n", depth-1-i)
	}
	return b.String()
}

func TestWhatCannotBeOpenedIsNamedAndTheOthersGoOn(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{"none ! it can't be read: no such file or directory", ". ! it is a folder; name the files in it", "a.txt = text"}
	if diff := cmp.Diff(want, shown(t.Context(), []string{"none", ".", "a.txt"}, Options{Dir: dir})); diff != "" {
		t.Error(diff)
	}
}

func TestANamedPipeIsReadAndGivenUpWithTheContext(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() { _ = os.WriteFile(pipe, []byte("text"), 0) }() // ends when it is read
	if diff := cmp.Diff([]string{"pipe = text"}, shown(t.Context(), []string{"pipe"}, Options{Dir: dir})); diff != "" {
		t.Error(diff)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	for text := range Read(ctx, []string{"pipe"}, Options{Dir: dir}) {
		if !errors.Is(text.Err, context.DeadlineExceeded) {
			t.Errorf("%v, want the end of the context", text.Err)
		}
	}
	// The goroutine that waits for a writer ends with one.
	if w, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		w.Close()
	}
}

// endless yields rows until that many bytes are read.
type endless struct {
	row  []byte
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, e.row)
	e.left -= n
	return n, nil
}

func TestATableIsNotKeptInMemory(t *testing.T) {
	row := []byte("12345,\"" + strings.Repeat("x", 1000) + "\"\n")
	in := io.MultiReader(strings.NewReader("id,body\n"), &endless{row, 200 << 20})
	rows, most := 0, uint64(0)
	runtime.GC() // of what other tests left
	for text := range Read(t.Context(), []string{Stdin}, Options{Columns: []string{"body"}, Stdin: in}) {
		if text.Err != nil {
			t.Fatal(text.Err)
		}
		if rows++; rows%10000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if rows < 200000 || most > 64<<20 {
		t.Errorf("%d rows with up to %d MiB of memory", rows, most>>20)
	}
}

func TestTheColumnsOfATableAreOfferedToTheShell(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"a.csv": "s;b\n1;2\n", "a.jsonl": "{\"b\":1,\"a\":2}\n", "a.json": "[{\"x\":1}]"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"a.csv": "s b", "a.jsonl": "a b", "a.json": "x", "none": ""} {
		if got := strings.Join(Columns(t.Context(), name, Options{Dir: dir}), " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"From: a\nSubject: =?utf-8?b?w7w=?=\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>a<script>b\n--x--",
		"s,b\n1,\"2\n3\"\n", "{\"s\":\"x\"}\n[1]\n", "[{\"s\":{\"b\":1}},", "\xff\xfea\x00", "a\x00b",
	} {
		for _, format := range []Format{Auto, Plain, Mail, CSV, JSON, Lines, NUL} {
			f.Add([]byte(seed), string(format), "s")
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, format, column string) {
		known := []Format{Auto, Plain, Mail, CSV, JSON, Lines, NUL}
		if !slices.Contains(known, Format(format)) {
			t.Skip()
		}
		o := Options{Format: Format(format), Stdin: bytes.NewReader(data)}
		if column != "" {
			o.Columns = []string{column}
		}
		rows := 0
		for text := range Read(t.Context(), []string{Stdin}, o) {
			rows++
			if text.Err == nil && !utf8.ValidString(text.Text) {
				t.Errorf("%s: a text that is not UTF-8: %q", text.Place(), text.Text)
			}
			if rows > len(data)+1 {
				t.Fatal(fmt.Sprint("more texts than bytes: ", rows))
			}
		}
	})
}
