package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestValuesCountAsPerlCountsThem(t *testing.T) {
	in, err := DecodeBody([]byte(`{"int": 12345, "big": 12345678901234567890, "one": 1.0, "half": 0.5, "yes": true, "no": false, "null": null,
		"empty": "", "zero": 0, "zeroText": "0", "text": " a ", "list": [], "object": {}}`), "", ModeZnuny)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]struct {
		text string
		has  bool
	}{
		"int": {"12345", true}, "big": {"1.23456789012346e+19", true}, "one": {"1", true}, "half": {"0.5", true}, "yes": {"1", true},
		"no": {"0", false}, "null": {"", false}, "absent": {"", false}, "empty": {"", false}, "zero": {"0", false},
		"zeroText": {"0", false}, "text": {" a ", true}, "list": {"", true}, "object": {"", true},
	} {
		if in.Text(key) != want.text || in.Has(key) != want.has {
			t.Errorf("%s: %q, given %t", key, in.Text(key), in.Has(key))
		}
	}
}

func TestALoneSurrogateIsFound(t *testing.T) {
	for text, want := range map[string]bool{
		`"\ud83d\ude00"`:       false,
		`"\ud83d"`:             true,
		`"\ud83dx"`:            true,
		`"\ude00\ud83d"`:       true,
		`"\ud83d\ud83d\ude00"`: true,
		`"\ude00"`:             true,
		`"\\ud83d"`:            false,
		`"\\\ud83d"`:           true,
		`"\"\u00fc\n"`:         false,
		`"\uD83D\\uDE00"`:      true,
	} {
		if got := hasLoneSurrogate([]byte(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

func FuzzDecodeBody(f *testing.F) {
	for _, seed := range []string{
		`{"UserLogin": "open_ticket_ai", "Password": "x", "TicketID": ["1", 2], "Ticket": {"Queue": "IT"}}`,
		`{}`, `[]`, `[1]`, `"x"`, `null`, `1e999`, "\ufeff{}", `{"a": "\ud83d"}`, `{"a": "\ud83d\ude00"}`, "{\"a\": \"\xff\"}", `{"a":1} {}`, ``,
		strings.Repeat("[", 20000),
	} {
		f.Add([]byte(seed), "application/json; charset=utf-8", true)
		f.Add([]byte(seed), "application/json; charset=iso-8859-1", false)
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string, znuny bool) {
		mode := ModeOTOBO
		if znuny {
			mode = ModeZnuny
		}
		in, err := DecodeBody(body, contentType, mode)
		if err != nil {
			var failed *ServerError
			if !errors.As(err, &failed) || failed.Status != 500 {
				t.Fatalf("the error %v is not an answer", err)
			}
			return
		}
		if len(in) == 0 {
			if len(body) != 0 {
				t.Fatalf("%q became nothing", body)
			}
			return
		}
		again := Encode(Object(in))
		if !utf8.Valid(again) {
			t.Fatalf("%q holds text that is not UTF-8", again)
		}
		second, err := DecodeBody(again, "application/json", ModeZnuny)
		if err != nil || !reflect.DeepEqual(in, second) {
			t.Fatalf("%q became %v, and after a round trip %v (%v)", body, in, second, err)
		}
	})
}
