package texts

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // what mails are written in
	"github.com/emersion/go-message/mail"
	"golang.org/x/net/html"
)

// maxMail bounds a mail with its attachments, which are passed over.
const maxMail = 256 << 20

// tellMail are the fields of which a mail has at least one.
var tellMail = []string{"from", "received", "return-path", "message-id", "delivered-to"}

// looksLikeMail is true for a block of header fields that tell a mail.
func looksLikeMail(head []byte) bool {
	fields, tells := 0, false
	for line := range bytes.Lines(withoutMark(head)) {
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case text == "":
			return tells && fields > 1
		case fields == 0 && strings.HasPrefix(text, "From "): // of an mbox file
			continue
		case fields > 0 && (text[0] == ' ' || text[0] == '\t'):
			continue
		}
		name, _, found := strings.Cut(text, ":")
		if !found || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return false
		}
		fields++
		tells = tells || slices.Contains(tellMail, strings.ToLower(name))
	}
	return tells && fields > 1
}

func withoutMark(head []byte) []byte { return bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")) }

// readMail gives the subject and below it the text of the body: its plain parts, or
// those in HTML where there are no others. Attachments are no text of it.
func readMail(in *bufio.Reader, encoding string) (string, error) {
	if mark, err := in.Peek(3); err == nil && len(withoutMark(mark)) == 0 {
		in.Discard(len(mark))
	}
	if line, err := in.Peek(5); err == nil && string(line) == "From " {
		if _, err := in.ReadSlice('\n'); err != nil {
			return "", errors.New("it is no mail: its first line has no end")
		}
	}
	rest := &io.LimitedReader{R: in, N: maxMail}
	r, err := mail.CreateReader(rest)
	if err != nil && !message.IsUnknownCharset(err) {
		return "", fmt.Errorf("it is no mail: %w", err)
	}
	defer r.Close()
	subject, err := r.Header.Subject()
	if err != nil {
		return "", fmt.Errorf("the mail's subject can't be decoded: %w", err)
	}
	if subject, err = inUTF8(subject, encoding); err != nil {
		return "", err
	}
	var plain, rich []string
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		// What is written in an unknown charset comes as it is: often it is ASCII.
		if rest.N <= 0 {
			return "", fmt.Errorf("the mail is larger than %d MiB", maxMail>>20)
		}
		if err != nil && !message.IsUnknownCharset(err) {
			return "", fmt.Errorf("the mail is damaged: %w", err)
		}
		header, inline := part.Header.(*mail.InlineHeader)
		if !inline {
			continue
		}
		kind, _, _ := header.ContentType()
		if kind != "text/plain" && kind != "text/html" {
			continue
		}
		text, err := bodyText(part.Body, encoding)
		if err != nil {
			return "", err
		}
		if kind == "text/html" {
			rich = append(rich, htmlText(text))
			continue
		}
		plain = append(plain, text)
	}
	body := strings.TrimSpace(strings.Join(plain, "\n"))
	if body == "" {
		body = strings.TrimSpace(strings.Join(rich, "\n"))
	}
	return strings.TrimSpace(strings.TrimSpace(subject) + "\n" + body), nil
}

// bodyText reads a part.
func bodyText(in io.Reader, encoding string) (string, error) {
	text, err := readAll(in)
	if err != nil {
		return "", err
	}
	text, err = inUTF8(text, encoding)
	return strings.ReplaceAll(text, "\r\n", "\n"), err
}

// inUTF8 decodes what does not say, or not truly, what it is written in.
func inUTF8(text, encoding string) (string, error) {
	if encoding == "" || utf8.ValidString(text) {
		return text, nil
	}
	named, err := encodingNamed(encoding)
	if err != nil {
		return "", err
	}
	return named.NewDecoder().String(text)
}

// htmlText is what a reader sees of a page, without its layout.
func htmlText(page string) string {
	var b strings.Builder
	hidden := 0
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return tidy(b.String())
		}
		if kind == html.TextToken {
			if hidden == 0 {
				b.WriteString(lineBreaks.Replace(string(tokens.Text())))
			}
			continue
		}
		name, _ := tokens.TagName()
		switch unseen := slices.Contains(unseenTags, string(name)); {
		case unseen && kind == html.StartTagToken:
			hidden++
		case unseen && kind == html.EndTagToken && hidden > 0:
			hidden--
		}
		if len(name) > 0 && !slices.Contains(joinedTags, string(name)) {
			b.WriteByte('\n')
		}
	}
}

var (
	// lineBreaks of the source are blanks to its reader.
	lineBreaks = strings.NewReplacer("\r", " ", "\n", " ")
	unseenTags = []string{"script", "style", "title", "template"}
	// joinedTags stand within a line.
	joinedTags = []string{"a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u", "wbr"}
)

// tidy takes the layout of the source away.
func tidy(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
