package texts

import (
	"bufio"
	"bytes"
	"encoding/base64"
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

// maxMail is the limit of a mail, with its attachments, which are skipped.
const maxMail = 256 << 20

// readMail returns the subject and below it the text of the body: its plain parts, or
// if there are none, those in HTML. Attachments don't count.
func readMail(in *bufio.Reader, encoding string) (string, error) {
	if mark, err := in.Peek(3); err == nil && len(withoutMark(mark)) == 0 {
		in.Discard(len(mark))
	}
	if line, err := in.Peek(5); err == nil && string(line) == "From " {
		end := byte('\n')
		if head, _ := in.Peek(headBytes); onlyReturns(head) {
			end = '\r'
		}
		if _, err := in.ReadSlice(end); err != nil {
			return "", errors.New("it is not a mail: its first line has no end")
		}
	}
	rest := &io.LimitedReader{R: withLineFeeds(in), N: maxMail}
	head, _ := in.Peek(headBytes)
	head = bytes.Clone(head) // reading on overwrites it
	whole, err := message.Read(rest)
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return "", headerError(err, maxMail-rest.N, head)
	}
	header := mail.Header{Header: whole.Header}
	subject, err := header.Subject()
	if message.IsUnknownCharset(err) {
		return "", fmt.Errorf("the mail's subject is written in an encoding that is not known: %.100q; write it in UTF-8, or take the text out of the mail", header.Get("Subject"))
	}
	if err != nil {
		return "", fmt.Errorf("the mail's subject can't be decoded: %w; write it anew, or take the text out of the mail", err)
	}
	if subject, err = inUTF8(subject, encoding); err != nil {
		return "", err
	}
	m := mailBody{encoding: encoding, mail: rest}
	if err := m.read(whole, 0); err != nil {
		return "", err
	}
	body := strings.TrimSpace(strings.Join(m.plain, "\n"))
	if body == "" {
		body = strings.TrimSpace(strings.Join(m.rich, "\n"))
	}
	return strings.TrimSpace(strings.TrimSpace(subject) + "\n" + body), nil
}

// The limits of a mail's structure. To find the end of a part, each of its lines is compared
// with the ends of all parts around it, so that depth costs more than size.
const (
	maxMailDepth = 32
	maxMailParts = 1000
)

var (
	errMailDepth = fmt.Errorf("the mail's parts are nested deeper than %d levels, which no mail program writes; save the message that matters as a mail of its own", maxMailDepth)
	errMailParts = fmt.Errorf("the mail has more than %d parts; save the message that matters as a mail of its own", maxMailParts)
	errMailSize  = fmt.Errorf("the mail is larger than %d MiB; remove its attachments", maxMail>>20)
	errMailEnd   = errors.New("the mail ends in the middle of a part: it was cut off; get it again from where it came")
)

// mailBody collects the texts of a mail's parts.
type mailBody struct {
	encoding    string
	mail        *io.LimitedReader
	parts       int
	plain, rich []string
}

// read collects the text of a part, or of the parts within it.
func (m *mailBody) read(part *message.Entity, depth int) error {
	if depth > maxMailDepth {
		return errMailDepth
	}
	if m.parts++; m.parts > maxMailParts {
		return errMailParts
	}
	if inner := part.MultipartReader(); inner != nil {
		for {
			next, err := inner.NextPart()
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case m.mail.N <= 0:
				return errMailSize
			// A part in an unknown charset is taken as it is: often it is ASCII.
			case err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err):
				return m.damage(err)
			}
			if err := m.read(next, depth+1); err != nil {
				return err
			}
		}
	}
	kind, _, _ := part.Header.ContentType()
	disposition, _, _ := part.Header.ContentDisposition()
	if disposition == "attachment" || kind != "text/plain" && kind != "text/html" {
		return nil
	}
	text, err := m.text(part)
	if err != nil {
		return err
	}
	if kind == "text/html" {
		m.rich = append(m.rich, htmlText(text))
		return nil
	}
	m.plain = append(m.plain, text)
	return nil
}

// text returns the text of a part.
func (m *mailBody) text(part *message.Entity) (string, error) {
	body := part.Body
	switch written := strings.ToLower(strings.TrimSpace(part.Header.Get("Content-Transfer-Encoding"))); written {
	case "", "7bit", "8bit", "binary", "quoted-printable", "base64":
	case "x-uuencode", "uuencode", "x-uue":
		body = &uudecoder{lines: bufio.NewReader(body)}
	default:
		return "", fmt.Errorf("a part of the mail is in the transfer encoding %.80q, which is not known; save the mail anew from a mail program, or take the text out of it", written)
	}
	text, err := bodyText(body, m.encoding)
	if m.mail.N <= 0 {
		return "", errMailSize
	}
	if err != nil {
		return "", m.damage(err)
	}
	return text, nil
}

// damage says what is wrong with a part.
func (m *mailBody) damage(err error) error {
	var wrong base64.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errMailEnd
	case errors.As(err, &wrong):
		return fmt.Errorf("a part of the mail is said to be base64 and is not (at its byte %d): the mail is damaged; get it again from where it came", int64(wrong)+1)
	case errors.Is(err, errTextTooLong):
		return fmt.Errorf("a part of the mail: %w", err)
	}
	return fmt.Errorf("the mail is damaged: %w; get it again from where it came", err)
}

// withLineFeeds reads a mail whose lines end with a carriage return alone, as old
// Macs wrote them.
func withLineFeeds(in *bufio.Reader) io.Reader {
	if head, _ := in.Peek(headBytes); onlyReturns(head) {
		return returnsToFeeds{in}
	}
	return in
}

// onlyReturns reports whether the lines of a text end with a carriage return alone.
func onlyReturns(head []byte) bool {
	return bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0
}

// returnsToFeeds makes line feeds of carriage returns.
type returnsToFeeds struct{ in io.Reader }

func (r returnsToFeeds) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	for i, c := range p[:n] {
		if c == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
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

// inUTF8 decodes a text that doesn't say, or not correctly, in which encoding it is.
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

// htmlText returns what a reader sees of a page, without its layout.
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
		switch invisible := slices.Contains(hiddenTags, string(name)); {
		case invisible && kind == html.StartTagToken:
			hidden++
		case invisible && kind == html.EndTagToken && hidden > 0:
			hidden--
		}
		if len(name) > 0 && !slices.Contains(joinedTags, string(name)) {
			b.WriteByte('\n')
		}
	}
}

var (
	// lineBreaks of the source are spaces for the reader.
	lineBreaks = strings.NewReplacer("\r", " ", "\n", " ")
	hiddenTags = []string{"script", "style", "title", "template"}
	// joinedTags are those within a line.
	joinedTags = []string{"a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u", "wbr"}
)

// tidy removes the layout of the source.
func tidy(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
