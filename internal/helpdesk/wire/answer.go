package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// ServerError is how the servers say that they didn't do, or didn't finish, what a request asked for.
type ServerError struct {
	Status int
	Code   string // set for an application error: "TicketUpdate.InvalidParameter"
	Text   string // the message of an application error, else the whole body
}

func (e *ServerError) Error() string {
	if e.Code != "" {
		return e.Code + ": " + e.Text
	}
	return e.Text
}

// Reject returns an error of the application: status 200 and an Error object.
func Reject(operation, code, message string) error {
	return &ServerError{Status: http.StatusOK, Code: operation + "." + code, Text: operation + ": " + message}
}

// TransportError returns an error of the transport: status 500 and plain text.
func TransportError(text string) error {
	return &ServerError{Status: http.StatusInternalServerError, Text: text}
}

// KernelError returns an error of the servers' kernel: status 500 and JSON with the content type of plain text.
func KernelError(text string) error {
	body, _ := json.Marshal(struct { // two strings can always be encoded
		Code string `json:"faultcode"`
		Text string `json:"faultstring"`
	}{"Server", text})
	return &ServerError{Status: http.StatusInternalServerError, Text: string(body)}
}

// ErrCanceled is what the servers answer when a change fails and they lose the message on the way.
var ErrCanceled = KernelError("OperationObject returned an error, cancelling Request") //nolint:misspell // as the servers write it

// Object is an answer, or a part of one. encoding/json sorts its keys, as Znuny does.
type Object map[string]any

// Answer returns the answer to a request that ended with err.
func Answer(err error) (status int, contentType string, body []byte) {
	var e *ServerError
	if !errors.As(err, &e) {
		e = &ServerError{Status: http.StatusInternalServerError, Text: err.Error()}
	}
	if e.Code == "" {
		return e.Status, "text/plain; charset=UTF-8", []byte(e.Text)
	}
	body = Encode(Object{"Error": Object{"ErrorCode": e.Code, "ErrorMessage": e.Text}})
	return e.Status, "application/json; charset=UTF-8", body
}

// Encode returns an answer as JSON.
func Encode(o Object) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(o); err != nil {
		return []byte("{}")
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// Write sends an answer.
func Write(w http.ResponseWriter, mode Mode, status int, contentType string, body []byte) {
	WriteHead(w, mode, status, contentType, len(body))
	w.Write(body) // an error means that the client is gone
}

// WriteHead sends the status and the headers of an answer whose body has the given length.
func WriteHead(w http.ResponseWriter, mode Mode, status int, contentType string, length int) {
	header := w.Header()
	if contentType == "" {
		header["Content-Type"] = nil
	} else {
		header.Set("Content-Type", contentType)
	}
	header.Set("Content-Length", strconv.Itoa(length))
	if mode == ModeZnuny {
		// Its nph script writes the header itself: no Date, no Server.
		header["Date"] = nil
		header.Set("Connection", "Keep-Alive")
	}
	w.WriteHeader(status)
}

// Stamp returns a time as the servers write it: in their own zone, which is UTC here, without saying so.
func Stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

const stampLayout = time.DateTime

// ID returns an id as text.
func ID(id int64) string { return strconv.FormatInt(id, 10) }

// Unix returns a time as the text of its seconds since 1970.
func Unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
