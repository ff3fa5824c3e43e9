package wire

import (
	"bytes"
	"encoding/json"
	"mime"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// DecodeBody reads a JSON object. The errors are those of the servers' HTTP::REST transport.
func DecodeBody(body []byte, contentType string, mode Mode) (Values, error) {
	unreadable, undecodable := TransportError("Could not read input data"), TransportError("Error while decoding request content.")
	if mode == ModeOTOBO {
		unreadable = undecodable
	}
	if len(body) == 0 {
		return Values{}, nil
	}
	media, params, _ := mime.ParseMediaType(contentType)
	if media == "application/x-www-form-urlencoded" || media == "multipart/form-data" {
		return nil, unreadable
	}
	if charset := strings.ToLower(params["charset"]); mode == ModeOTOBO && (charset == "iso-8859-1" || charset == "latin1") {
		body = fromLatin1(body)
	}
	if !utf8.Valid(body) {
		return nil, unreadable
	}
	if !json.Valid(body) || hasLoneSurrogate(body) {
		return nil, undecodable
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, undecodable
	}
	switch v := value.(type) {
	case nil, json.Number, string, bool:
		if !truthy(v) {
			return nil, undecodable // for Perl the same as an error
		}
	case map[string]any:
		if len(v) > 0 {
			return v, nil
		}
	case []any:
		if len(v) > 0 {
			return nil, KernelError("Got Data but it is not a hash ref in Mapping Simple backend!")
		}
	}
	return nil, TransportError("Unsupported request content structure.")
}

func fromLatin1(body []byte) []byte {
	text := make([]rune, len(body))
	for i, b := range body {
		text[i] = rune(b)
	}
	return []byte(string(text))
}

// hasLoneSurrogate finds a \uD800 to \uDFFF escape without its other half in valid JSON. encoding/json replaces it
// silently; the servers reject the request.
func hasLoneSurrogate(body []byte) bool {
	escape := func(i int) (rune, bool) {
		if i+6 > len(body) || body[i] != '\\' || body[i+1] != 'u' {
			return 0, false
		}
		n, err := strconv.ParseUint(string(body[i+2:i+6]), 16, 16)
		return rune(n), err == nil
	}
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		unit, ok := escape(i)
		if !ok {
			i++ // an escape of one character, perhaps of a backslash
			continue
		}
		i += 5
		if !utf16.IsSurrogate(unit) {
			continue
		}
		low, ok := escape(i + 1)
		if !ok || utf16.DecodeRune(unit, low) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}
