package helpdesk

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// fields is a decoded request, or a part of one.
type fields map[string]any

// has tells whether the field counts as given: null, "", 0 and false don't, as in Perl.
func (f fields) has(key string) bool { return truthy(f[key]) }

func truthy(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case map[string]any, []any:
		return true
	default:
		s := scalar(v)
		return s != "" && s != "0"
	}
}

func (f fields) text(key string) string { return scalar(f[key]) }

// list returns the values of a field that may be one value or several; "" and null are none.
func (f fields) list(key string) []string {
	if s, ok := f[key].(string); ok && s == "" {
		return nil
	}
	return listOf(f[key])
}

// object returns the field as an object with something in it, which is the only form in which the servers accept one.
func (f fields) object(key string) (fields, bool) {
	o, ok := f[key].(map[string]any)
	return fields(o), ok && len(o) > 0
}

// objects returns the field as a list of objects; a single object is a list of one.
func (f fields) objects(key string) ([]fields, bool) {
	switch v := f[key].(type) {
	case map[string]any:
		return []fields{v}, len(v) > 0
	case []any:
		all := make([]fields, 0, len(v))
		for _, e := range v {
			o, ok := e.(map[string]any)
			if !ok || len(o) == 0 {
				return nil, false
			}
			all = append(all, o)
		}
		return all, len(all) > 0
	default:
		return nil, false
	}
}

// trimmed returns a copy whose texts have no white space around them.
func (f fields) trimmed() fields {
	out := make(fields, len(f))
	for key, v := range f {
		if s, ok := v.(string); ok {
			v = strings.TrimSpace(s)
		}
		out[key] = v
	}
	return out
}

// scalar is the text of a value as Perl would print it, "" for null, lists and objects.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		if _, err := v.Int64(); err == nil {
			return v.String()
		}
		if n, err := v.Float64(); err == nil {
			return strconv.FormatFloat(n, 'g', 15, 64)
		}
		return v.String()
	case bool:
		if v {
			return "1"
		}
		return "0"
	default:
		return ""
	}
}

func listOf(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		all := make([]string, 0, len(v))
		for _, e := range v {
			all = append(all, scalar(e))
		}
		return all
	default:
		return []string{scalar(v)}
	}
}

// readRequest gives the values of a request: its body where the method has one, then its query, then what its path holds, then,
// on Znuny, its X-OTRS-Header fields, each over the former.
func readRequest(r *http.Request, inPath fields, mode Mode, maxLength int64) (fields, error) {
	in := fields{}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		body, err := readBody(r, mode, maxLength)
		if err != nil {
			return nil, err
		}
		if in, err = decodeBody(body, r.Header.Get("Content-Type"), mode); err != nil {
			return nil, err
		}
	}
	addQuery(in, r.URL.RawQuery)
	maps.Copy(in, inPath)
	if mode == ModeZnuny {
		for name, values := range r.Header {
			if key, ok := strings.CutPrefix(name, "X-Otrs-Header-"); ok {
				in[headerKey(key)] = values[0]
			}
		}
	}
	return in, nil
}

// headerKey restores the spelling that Go's canonical form of header names takes from the key of a value.
func headerKey(name string) string {
	for _, key := range []string{"UserLogin", "CustomerUserLogin", "Password", "SessionID"} {
		if strings.EqualFold(key, name) {
			return key
		}
	}
	return name
}

// addQuery adds the values of a query, whose parts "&" or ";" separate. A "0" counts as nothing, as in Perl.
func addQuery(in fields, query string) {
	found := fields{}
	for part := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		key, value, _ := strings.Cut(part, "=")
		value, _, _ = strings.Cut(value, "=") // no more of it is read
		key, value = unescape(key), unescape(strings.ReplaceAll(value, "+", "%20"))
		switch former := found[key].(type) {
		case nil:
			if value == "0" {
				value = ""
			}
			found[key] = value
		case []any:
			found[key] = append(former, value)
		default:
			found[key] = []any{former, value}
		}
	}
	maps.Copy(in, found)
}

func unescape(text string) string {
	plain, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return plain
}

// readBody reads at most maxLength bytes. Znuny under mod_perl takes the length from Content-Length alone and so never sees
// a chunked body; OTOBO's PSGI server reads it.
func readBody(r *http.Request, mode Mode, maxLength int64) ([]byte, error) {
	if r.ContentLength < 0 && mode == ModeZnuny {
		return nil, nil
	}
	if r.ContentLength > maxLength {
		return nil, drain(r.Body)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxLength+1))
	if err != nil {
		return nil, sentence("Could not read input data")
	}
	if int64(len(body)) > maxLength {
		return nil, drain(r.Body)
	}
	return body, nil
}

// drain reads what the client still wants to send, so that it gets to read the refusal instead of a broken connection.
func drain(body io.Reader) error {
	const patience = 64 << 20
	_, err := io.CopyN(io.Discard, body, patience)
	if err != nil && err != io.EOF {
		return sentence("Could not read input data")
	}
	return &failure{status: http.StatusRequestEntityTooLarge, text: "Payload Too Large"}
}

// decodeBody reads a JSON object. The sentences are those of the servers' HTTP::REST transport.
func decodeBody(body []byte, contentType string, mode Mode) (fields, error) {
	unreadable, undecodable := sentence("Could not read input data"), sentence("Error while decoding request content.")
	if mode == ModeOTOBO {
		unreadable = undecodable
	}
	if len(body) == 0 {
		return fields{}, nil
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
			return nil, undecodable // Perl can't tell it from a failure
		}
	case map[string]any:
		if len(v) > 0 {
			return v, nil
		}
	case []any:
		if len(v) > 0 {
			return nil, fault("Got Data but it is not a hash ref in Mapping Simple backend!")
		}
	}
	return nil, sentence("Unsupported request content structure.")
}

func fromLatin1(body []byte) []byte {
	text := make([]rune, len(body))
	for i, b := range body {
		text[i] = rune(b)
	}
	return []byte(string(text))
}

// hasLoneSurrogate finds a \uD800 to \uDFFF escape without its other half in valid JSON. encoding/json replaces it
// silently; the servers refuse the request.
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
