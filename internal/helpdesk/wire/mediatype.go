package wire

import (
	"regexp"
	"slices"
	"strings"
)

// MediaType splits a content type as the servers do, which search it for words. The charset is "" when none is named.
func MediaType(value string) (mimeType, charset string, ok bool) {
	value = strings.ToLower(value)
	mimeType = mimeTypeWords.FindString(value)
	if _, after, named := strings.Cut(value, "charset="); named {
		charset, _, _ = strings.Cut(strings.NewReplacer(`"`, "", "'", "").Replace(after), ";")
		if charset = strings.TrimSpace(charset); !KnownCharset(charset) {
			return "", "", false
		}
	}
	return mimeType, charset, mimeType != ""
}

var mimeTypeWords = regexp.MustCompile(`^\w+/\w+`)

// IsMIMEType reports whether a text is a MIME type and nothing more.
func IsMIMEType(text string) bool { return mimeTypeWords.FindString(text) == text }

// charsets are the beginnings of the names that Perl's Encode knows without further modules.
var charsets = []string{
	"utf", "ucs", "ascii", "us-ascii", "iso-8859-", "iso8859-", "iso_8859-", "latin", "windows-12", "cp", "koi8-", "gb", "big5", "euc-",
	"shift_jis", "shiftjis", "sjis", "iso-2022-", "iso-10646", "hz", "mac", "viscii", "tis", "johab", "unicode",
}

// KnownCharset reports whether the servers know a charset.
func KnownCharset(name string) bool {
	return name != "" && slices.ContainsFunc(charsets, func(begin string) bool { return strings.HasPrefix(name, begin) })
}
