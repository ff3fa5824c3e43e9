package helpdesk

import (
	"cmp"
	"encoding/base64"
	"html"
	"mime"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

type article struct {
	id, number        int64 // number counts within the ticket, from 1
	subject, body     string
	from, to, cc      string
	mimeType, charset string
	sender, channel   named
	visible           bool
	created           time.Time
	createdBy         int64
	files             []file
	orphan            bool // stored without its text
}

type file struct {
	name, contentType string
	content           []byte
	htmlBody          bool // the article's own body in HTML
}

// draft is an article that is not stored yet.
type draft struct {
	subject, body     string
	from, to, cc      string
	mimeType, charset string
	sender, channel   named
	visible           bool
	files             []file
	event, comment    string // of the line in the history
}

// maxSubject and maxTitle are the widths of the database's columns, in characters.
const (
	maxSubject = 3800
	maxTitle   = 255
)

// readArticle checks an article that a request brings, in the order of the servers. Texts are trimmed first. An article is visible to
// the customer unless it says IsVisibleForCustomer 0.
func (c *catalog) readArticle(op string, in fields) (draft, error) {
	in = in.trimmed()
	d := draft{
		subject: in.text("Subject"), body: in.text("Body"),
		from: in.text("From"), to: in.text("To"), cc: in.text("Cc"),
		visible: in["IsVisibleForCustomer"] == nil || in.has("IsVisibleForCustomer"),
		event:   in.text("HistoryType"), comment: in.text("HistoryComment"),
	}
	for _, needed := range []struct{ key, value string }{{"Subject", d.subject}, {"Body", d.body}} {
		if needed.value == "" {
			return d, refusal(op, "MissingParameter", "Article->"+needed.key+" parameter is missing!")
		}
	}
	invalid := func(key string) error {
		return refusal(op, "InvalidParameter", "Article->"+key+"ID or Article->"+key+" parameter is invalid!")
	}
	var given, known bool
	if d.channel, given, known = choose(c.channels, in, "CommunicationChannel"); given && !known {
		return d, invalid("CommunicationChannel")
	} else if !given {
		d.channel, _ = byName(c.channels, "Internal")
	}
	if d.sender, given, known = choose(c.senders, in, "SenderType"); given && !known {
		return d, invalid("SenderType")
	} else if !given {
		d.sender, _ = byName(c.senders, "agent")
	}
	switch {
	case in.has("ContentType"):
		if d.mimeType, d.charset = contentType(in.text("ContentType")); d.mimeType == "" {
			return d, refusal(op, "InvalidParameter", "Article->ContentType parameter is invalid!")
		}
	case in.has("MimeType") && in.has("Charset"):
		d.mimeType, d.charset = in.text("MimeType"), in.text("Charset")
	default:
		return d, refusal(op, "MissingParameter",
			"Article->ContentType or Ticket->MimeType and Article->Charset parameters are required!")
	}
	d.tidy()
	return d, nil
}

// contentType splits a media type; "" is text/plain in UTF-8, and the type is "" when it can't be read.
func contentType(value string) (mimeType, charset string) {
	mimeType, params, err := mime.ParseMediaType(cmp.Or(value, "text/plain"))
	if err != nil || !strings.Contains(mimeType, "/") {
		return "", ""
	}
	return mimeType, cmp.Or(params["charset"], "utf-8")
}

// readFiles checks the attachments that a request brings.
func readFiles(op string, in fields) ([]file, error) {
	if in["Attachment"] == nil {
		return nil, nil
	}
	all, ok := in.objects("Attachment")
	if !ok {
		return nil, refusal(op, "InvalidParameter", "Attachment parameter is invalid!")
	}
	files := make([]file, 0, len(all))
	for _, a := range all {
		for _, key := range []string{"Content", "ContentType", "Filename"} {
			if !a.has(key) {
				return nil, refusal(op, "MissingParameter", "Attachment->"+key+" parameter is missing!")
			}
		}
		content, err := base64.StdEncoding.DecodeString(a.text("Content"))
		if err != nil {
			return nil, refusal(op, "InvalidParameter", "Attachment->Content parameter is invalid!")
		}
		files = append(files, file{name: a.text("Filename"), contentType: a.text("ContentType"), content: content})
	}
	return files, nil
}

// tidy brings the draft into the form in which the servers store it: headers on one line, nothing after a NUL, and
// HTML as a plain text with the original as a file.
func (d *draft) tidy() {
	oneLine := strings.NewReplacer("\r", "", "\n", "")
	for _, header := range []*string{&d.subject, &d.from, &d.to, &d.cc} {
		*header = oneLine.Replace(untilNUL(*header))
	}
	d.body = untilNUL(d.body)
	if d.mimeType == "text/html" {
		original := file{
			name: "file-2", contentType: `text/html; charset="` + d.charset + `"`, content: []byte(d.body), htmlBody: true,
		}
		d.files = append([]file{original}, d.files...)
		d.body, d.mimeType = plainText(d.body), "text/plain"
	}
}

// addArticle stores a draft. A subject that is too long for its column leaves an article without text behind and is an error,
// as on the real servers, which write the two halves of an article one after the other.
func (s *store) addArticle(t *ticket, d draft, by int64) (*article, error) {
	s.lastArticle++
	a := &article{
		id: s.lastArticle, number: int64(len(t.articles)) + 1,
		subject: d.subject, body: d.body, from: d.from, to: d.to, cc: d.cc, mimeType: d.mimeType, charset: d.charset,
		sender: d.sender, channel: d.channel, visible: d.visible, files: d.files, created: s.now(), createdBy: by,
	}
	t.articles = append(t.articles, a)
	if utf8.RuneCountInString(d.subject) > maxSubject {
		a.orphan = true
		return nil, fault("Article could not be created, please contact the system administrator")
	}
	if d.sender.name == "agent" {
		t.unlockTimeout = s.now().Unix()
	}
	s.record(t, by, d.event, cmp.Or(d.comment, d.subject))
	return a, nil
}

var (
	emptyLines = regexp.MustCompile(`\n{3,}`)
	space      = regexp.MustCompile(`[ \t\r\n]+`)
)

// plainText renders HTML roughly as the servers do. Their text of a script stays. The time it takes grows with the length of
// the source and with nothing else.
func plainText(source string) string {
	rest := space.ReplaceAllString(source, " ")
	var out strings.Builder
	comments := true
	for {
		text, markup, found := strings.Cut(rest, "<")
		out.WriteString(html.UnescapeString(text))
		if !found {
			break
		}
		if comments && strings.HasPrefix(markup, "!--") {
			if _, rest, found = strings.Cut(markup, "-->"); found {
				continue
			}
			comments = false // none that follows ends either
		}
		if markup == "" || !strings.ContainsAny(markup[:1], tagStart) {
			out.WriteByte('<')
			rest = markup
			continue
		}
		tag, after, found := strings.Cut(markup, ">")
		if !found {
			out.WriteString(html.UnescapeString("<" + markup))
			break
		}
		name, closing := strings.CutPrefix(tag, "/")
		name, _, _ = strings.Cut(name, " ")
		out.WriteString(breaks(strings.ToLower(strings.TrimSuffix(name, "/")), closing))
		rest = after
	}
	return emptyLines.ReplaceAllString(out.String(), "\n\n")
}

// tagStart are the characters that make a tag of what follows "<".
const tagStart = "/!?abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// breaks is what stands in a plain text for a tag.
func breaks(tag string, closing bool) string {
	switch tag {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6":
		if closing {
			return "\n\n"
		}
		return "\n"
	case "br", "hr", "table", "tr", "ul", "ol", "pre", "blockquote":
		return "\n"
	case "div":
		if closing {
			return "\n"
		}
	case "li":
		if !closing {
			return "\n - "
		}
	case "td", "th":
		if closing {
			return " "
		}
	}
	return ""
}
