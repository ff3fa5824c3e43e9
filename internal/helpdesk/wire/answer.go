package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// ServerError is a request that ends without doing, or without finishing, what it asks for.
type ServerError struct {
	Status int
	Code   string // set for an application error: "TicketUpdate.InvalidParameter"
	Text   string // the message of an application error, else the whole body
}

func (f *ServerError) Error() string {
	if f.Code != "" {
		return f.Code + ": " + f.Text
	}
	return f.Text
}

// Reject is an application error: status 200 and an Error object.
func Reject(operation, code, message string) error {
	return &ServerError{Status: http.StatusOK, Code: operation + "." + code, Text: operation + ": " + message}
}

// TransportError is an error of the transport: status 500 and plain text.
func TransportError(text string) error {
	return &ServerError{Status: http.StatusInternalServerError, Text: text}
}

// KernelError is an error in the servers' kernel: status 500 and JSON that is called plain text.
func KernelError(text string) error {
	body, _ := json.Marshal(struct { // two strings can always be encoded
		Code string `json:"faultcode"`
		Text string `json:"faultstring"`
	}{"Server", text})
	return &ServerError{Status: http.StatusInternalServerError, Text: string(body)}
}

// ErrCancelled is what the servers answer when a change fails whose message they lose on the way.
var ErrCancelled = KernelError("OperationObject returned an error, cancelling Request")

// Object is an answer, or a part of one. encoding/json writes its keys sorted, which is what Znuny does.
type Object map[string]any

// Answer returns the answer to a request that ended with err.
func Answer(err error) (status int, contentType string, body []byte) {
	var f *ServerError
	if !errors.As(err, &f) {
		f = &ServerError{Status: http.StatusInternalServerError, Text: err.Error()}
	}
	if f.Code == "" {
		return f.Status, "text/plain; charset=UTF-8", []byte(f.Text)
	}
	body = Encode(Object{"Error": Object{"ErrorCode": f.Code, "ErrorMessage": f.Text}})
	return f.Status, "application/json; charset=UTF-8", body
}

func Encode(o Object) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(o); err != nil {
		return []byte("{}")
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func Write(w http.ResponseWriter, mode Mode, status int, contentType string, body []byte) {
	WriteHead(w, mode, status, contentType, len(body))
	w.Write(body) // an error means that the client is gone
}

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

// Stamp is a time as the servers write it: in their own zone, which is UTC here, and without naming it.
func Stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

const stampLayout = time.DateTime

func ID(id int64) string { return strconv.FormatInt(id, 10) }

func Unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
