package helpdesk

import (
	"cmp"
	"encoding/base64"
	"html"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

type article struct {
	id, number        int64 // number counts within the ticket, from 1
	subject, body     string
	from, to, cc, bcc string
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
	from, to, cc, bcc string
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
func (s *System) readArticle(op string, who actor, in fields) (draft, error) {
	in = in.trimmed()
	d := draft{
		subject: in.text("Subject"), body: in.text("Body"),
		from: in.text("From"), to: in.text("To"), cc: in.text("Cc"), bcc: in.text("Bcc"),
		visible: in["IsVisibleForCustomer"] == nil || in.has("IsVisibleForCustomer"),
		event:   in.text("HistoryType"), comment: in.text("HistoryComment"),
	}
	invalid := func(what string) error { return refusal(op, "InvalidParameter", "Article->"+what) }
	for _, key := range []string{"Subject", "Body"} {
		if !in.has(key) {
			return d, refusal(op, "MissingParameter", "Article->"+key+" parameter is missing!")
		}
	}
	if in.has("AutoResponseType") && !slices.Contains(autoResponses, in.text("AutoResponseType")) {
		return d, invalid("AutoResponseType parameter is invalid!")
	}
	var known bool
	if d.channel, known = one(s.catalog.channels, in, "CommunicationChannel", "Internal"); !known || d.channel.name == "Chat" {
		return d, invalid("CommunicationChannel or Article->CommunicationChannelID parameter is invalid or not supported!")
	}
	sender := "agent"
	if who.isCustomer() {
		sender = "customer"
	}
	if d.sender, known = one(s.catalog.senders, in, "SenderType", sender); !known {
		return d, invalid("SenderTypeID or Ticket->SenderType parameter is invalid!")
	}
	if in.has("From") && !validAddresses(d.from) {
		return d, invalid("From parameter is invalid!")
	}
	var err error
	if d.mimeType, d.charset, err = s.readType(op, in); err != nil {
		return d, err
	}
	switch agent := in.text("NoAgentNotify"); {
	case in.has("HistoryType") && historyTypes[d.event] == 0:
		return d, invalid("HistoryType parameter is invalid!")
	case in.has("TimeUnit") && !timeUnit.MatchString(in.text("TimeUnit")):
		return d, invalid("TimeUnit parameter is invalid!")
	case in.has("NoAgentNotify") && agent != "1":
		return d, invalid("NoAgent parameter is invalid!")
	}
	for _, key := range []string{"ForceNotificationToUserID", "ExcludeNotificationToUserID", "ExcludeMuteNotificationToUserID"} {
		if _, isObject := in[key].(map[string]any); isObject {
			return d, invalid(key + " parameter is invalid!")
		}
		for _, id := range listOf(in[key]) {
			if _, known := byID(s.catalog.agents, id); !known {
				return d, invalid(key + " UserID=" + id + " parameter is invalid!")
			}
		}
	}
	d.tidy()
	return d, nil
}

var (
	autoResponses = []string{"auto follow up", "auto reject", "auto remove", "auto reply", "auto reply/new ticket"}
	timeUnit      = regexp.MustCompile(`^\d+([.,]\d+)?$`)
	mimeTypeWords = regexp.MustCompile(`^\w+/\w+`)
)

// one reads an entry that the request gives the id of, else names; without either it is the usual one.
func one(entries []named, in fields, key, usual string) (named, bool) {
	switch {
	case in.has(key + "ID"):
		return byID(entries, in.text(key+"ID"))
	case in.has(key):
		return byName(entries, in.text(key))
	}
	return byName(entries, usual)
}

// readType reads a ContentType, or MimeType and Charset. Znuny demands that the ContentType names a charset.
func (s *System) readType(op string, in fields) (mimeType, charset string, err error) {
	missing := func(what string) error { return refusal(op, "MissingParameter", "Article->"+what) }
	invalid := func(key string) error { return refusal(op, "InvalidParameter", "Article->"+key+" is invalid!") }
	mimeType, charset = strings.ToLower(in.text("MimeType")), strings.ToLower(in.text("Charset"))
	switch {
	case !in.has("ContentType") && !in.has("MimeType") && !in.has("Charset"):
		return "", "", missing("ContentType or Ticket->MimeType and Article->Charset parameters are required!")
	case in.has("MimeType") && !in.has("Charset"):
		return "", "", missing("Charset is required!")
	case in.has("Charset") && !in.has("MimeType"):
		return "", "", missing("MimeType is required!")
	case in.has("MimeType") && mimeTypeWords.FindString(mimeType) != mimeType:
		return "", "", invalid("MimeType")
	case in.has("Charset") && !knownCharset(charset):
		return "", "", invalid("Charset")
	}
	if in.has("ContentType") {
		var ok bool
		if mimeType, charset, ok = contentTypeParts(in.text("ContentType")); !ok || charset == "" && s.mode == ModeZnuny {
			return "", "", invalid("ContentType")
		}
	}
	return mimeType, cmp.Or(charset, "utf-8"), nil
}

// contentTypeParts splits a media type as the servers do, who look for words. The charset is "" when none is named.
func contentTypeParts(value string) (mimeType, charset string, ok bool) {
	value = strings.ToLower(value)
	mimeType = mimeTypeWords.FindString(value)
	if _, after, named := strings.Cut(value, "charset="); named {
		charset, _, _ = strings.Cut(strings.NewReplacer(`"`, "", "'", "").Replace(after), ";")
		if charset = strings.TrimSpace(charset); !knownCharset(charset) {
			return "", "", false
		}
	}
	return mimeType, charset, mimeType != ""
}

// charsets are those that Perl's Encode knows without further modules, by the beginning of their names.
var charsets = []string{
	"utf", "ucs", "ascii", "us-ascii", "iso-8859-", "iso8859-", "iso_8859-", "latin", "windows-12", "cp", "koi8-", "gb", "big5", "euc-",
	"shift_jis", "shiftjis", "sjis", "iso-2022-", "iso-10646", "hz", "mac", "viscii", "tis", "johab", "unicode",
}

func knownCharset(name string) bool {
	return name != "" && slices.ContainsFunc(charsets, func(begin string) bool { return strings.HasPrefix(name, begin) })
}

// validAddresses tells whether a text is a list of mail addresses.
func validAddresses(text string) bool {
	_, err := mail.ParseAddressList(text)
	return err == nil
}

// readFiles checks the attachments that a request brings.
func (s *System) readFiles(op string, in fields) ([]file, error) {
	var list []any
	switch v := in["Attachment"].(type) {
	case nil:
	case []any:
		list = v
	default:
		list = []any{v}
	}
	files := make([]file, 0, len(list))
	for _, each := range list {
		f, ok := each.(map[string]any)
		if !ok || len(f) == 0 {
			return nil, fault(op + ": Ticket->Attachment parameter is invalid!")
		}
		a := fields(f).trimmed()
		for _, key := range []string{"Content", "ContentType", "Filename"} {
			if a.text(key) == "" {
				return nil, refusal(op, "MissingParameter", "Attachment->"+key+" parameter is missing!")
			}
		}
		kind := strings.ToLower(a.text("ContentType"))
		if _, _, ok := contentTypeParts(kind); !ok {
			return nil, refusal(op, "InvalidParameter", "Attachment->ContentType is invalid!")
		}
		files = append(files, file{name: a.text("Filename"), contentType: kind, content: fromBase64(a.text("Content"))})
	}
	return files, nil
}

// fromBase64 decodes as Perl does: what is no part of the alphabet is skipped, and what comes after the end is lost.
func fromBase64(text string) []byte {
	text, _, _ = strings.Cut(text, "=")
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", r) {
			return r
		}
		return -1
	}, text)
	if len(plain)%4 == 1 {
		plain = plain[:len(plain)-1]
	}
	content, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil
	}
	return content
}

// tidy brings the draft into the form in which the servers store it: headers on one line, nothing after a NUL, and
// HTML as a plain text with the original as a file.
func (d *draft) tidy() {
	oneLine := strings.NewReplacer("\r", "", "\n", "")
	for _, header := range []*string{&d.subject, &d.from, &d.to, &d.cc, &d.bcc} {
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
		subject: d.subject, body: d.body, from: d.from, to: d.to, cc: d.cc, bcc: d.bcc, mimeType: d.mimeType, charset: d.charset,
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
	s.recordArticle(t, by, a.id, d.event, d.comment)
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
