package wire

import (
	"regexp"
	"slices"
	"strings"
)

// MediaType splits a media type as the servers do, who look for words. The charset is "" when none is named.
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

// IsMIMEType reports whether a text is a MIME type and nothing else.
func IsMIMEType(text string) bool { return mimeTypeWords.FindString(text) == text }

// charsets are those that Perl's Encode knows without further modules, by the beginning of their names.
var charsets = []string{
	"utf", "ucs", "ascii", "us-ascii", "iso-8859-", "iso8859-", "iso_8859-", "latin", "windows-12", "cp", "koi8-", "gb", "big5", "euc-",
	"shift_jis", "shiftjis", "sjis", "iso-2022-", "iso-10646", "hz", "mac", "viscii", "tis", "johab", "unicode",
}

func KnownCharset(name string) bool {
	return name != "" && slices.ContainsFunc(charsets, func(begin string) bool { return strings.HasPrefix(name, begin) })
}
