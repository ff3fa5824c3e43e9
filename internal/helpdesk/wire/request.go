package wire

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// ReadRequest returns the values of a request: those of its body if the method has one, of its query, of its path, and on Znuny of
// its X-OTRS-Header fields. Of values with the same key the last one counts.
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

// headerKey restores the spelling of a key that became the name of a header, which Go writes in its canonical form.
func headerKey(name string) string {
	for _, key := range []string{"UserLogin", "CustomerUserLogin", "Password", "SessionID"} {
		if strings.EqualFold(key, name) {
			return key
		}
	}
	return name
}

// addQuery adds the values of a query, whose parts are separated by "&" or ";". As in Perl, a "0" counts as nothing.
func addQuery(in Values, query string) {
	found := Values{}
	for part := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		key, value, _ := strings.Cut(part, "=")
		value, _, _ = strings.Cut(value, "=") // the rest is ignored
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

// readBody reads at most maxLength bytes. Znuny under mod_perl knows the length only from Content-Length, so it never sees
// a chunked body; OTOBO's PSGI server reads one.
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

// drain reads what the client still wants to send, so that it reads the error instead of hitting a broken connection.
func drain(body io.Reader) error {
	const patience = 64 << 20
	_, err := io.CopyN(io.Discard, body, patience)
	if err != nil && !errors.Is(err, io.EOF) {
		return TransportError("Could not read input data")
	}
	return &ServerError{Status: http.StatusRequestEntityTooLarge, Text: "Payload Too Large"}
}
