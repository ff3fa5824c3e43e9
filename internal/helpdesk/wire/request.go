package wire

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// ReadRequest gives the values of a request: its body where the method has one, then its query, then what its path holds, then,
// on Znuny, its X-OTRS-Header fields, each over the former.
func ReadRequest(r *http.Request, inPath Values, mode Mode, maxLength int64) (Values, error) {
	in := Values{}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		body, err := readBody(r, mode, maxLength)
		if err != nil {
			return nil, err
		}
		if in, err = DecodeBody(body, r.Header.Get("Content-Type"), mode); err != nil {
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
func addQuery(in Values, query string) {
	found := Values{}
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
		return nil, TransportError("Could not read input data")
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
		return TransportError("Could not read input data")
	}
	return &ServerError{Status: http.StatusRequestEntityTooLarge, Text: "Payload Too Large"}
}
