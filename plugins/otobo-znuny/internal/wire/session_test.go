package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// sessionServer is a help desk that wants a session, and ends each after three
// requests.
type sessionServer struct {
	mu       sync.Mutex
	made     int
	left     int
	current  string
	withPass int
	removed  int
	refuses  bool // knows no SessionRemove
	redacted []string
}

func (d *sessionServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/session-create"):
		d.made++
		d.left, d.current = 3, "sitzung-"+strings.Repeat("x", d.made)
		_, _ = io.WriteString(w, `{"SessionID":"`+d.current+`"}`)
	case strings.HasSuffix(r.URL.Path, "/session-remove"):
		if d.refuses {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"faultcode":"Server","faultstring":"Can't load operation backend module Kernel::GenericInterface::Operation::Session::SessionRemove!"}`)
			return
		}
		if strings.Contains(string(body), "Password") && strings.Contains(string(body), `"SessionID":"`+d.current+`"`) {
			d.removed++
		}
		_, _ = io.WriteString(w, `{"Success":1}`)
	case strings.Contains(string(body), "Password"):
		d.withPass++
		emptyAnswer(w, r)
	case d.left > 0 && strings.Contains(string(body), `"SessionID":"`+d.current+`"`):
		d.left--
		emptyAnswer(w, r)
	default:
		_, _ = io.WriteString(w, `{"Error":{"ErrorCode":"TicketSearch.AuthFail","ErrorMessage":"TicketSearch: Authorization failing!"}}`)
	}
}

func TestASessionIsMadeOnceAndRenewedWhenItEnds(t *testing.T) {
	d := &sessionServer{}
	server := httptest.NewServer(d)
	defer server.Close()
	s := connect(t, server.URL, func(c *Config) {
		c.UseSession, c.Redact = true, func(s string) { d.redacted = append(d.redacted, s) }
	})
	for range 7 {
		if err := s.search(t); err != nil {
			t.Fatal(err)
		}
	}
	if d.made != 3 || d.withPass != 0 {
		t.Errorf("%d sessions, %d requests with the password", d.made, d.withPass)
	}
	if len(d.redacted) != 3 || d.redacted[0] != "sitzung-x" {
		t.Errorf("redacted are %q", d.redacted)
	}
}

func TestSessionsThatAreNotOfferedAreNamed(t *testing.T) {
	bySession := func(c *Config) { c.UseSession = true }
	s := connectToRecorded(t, "znuny/unknown-route", bySession)
	if err := s.search(t); err == nil || !strings.Contains(err.Error(), "log in") || !strings.Contains(err.Error(), "operation_urls") {
		t.Errorf("error is %v", err)
	}
	s = connectToRecorded(t, "znuny/get-wrong-password", bySession)
	if err := s.search(t); !errors.Is(err, ErrAuthentication) {
		t.Errorf("error is %v", err)
	}
}

func TestLoggingOutEndsTheSessionOnce(t *testing.T) {
	d := &sessionServer{}
	s := connectToAnswer(t, d, func(c *Config) { c.UseSession = true })
	for range 2 {
		if err := s.search(t); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second has none to end
			if err := s.LogOut(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if d.removed != 2 || d.made != 2 {
		t.Errorf("%d sessions of %d were removed", d.removed, d.made)
	}
	if err := s.TryLogOut(t.Context()); err != nil {
		t.Error(err)
	}
	d.refuses = true
	if err := s.TryLogOut(t.Context()); !errors.Is(err, ErrServerError) {
		t.Errorf("error is %v", err)
	}
}

func TestADumpShowsNoSecret(t *testing.T) {
	c := connectToAnswer(t, &sessionServer{}, func(c *Config) { c.UseSession = true })
	if err := c.search(t); err != nil {
		t.Fatal(err)
	}
	dump := fmt.Sprintf("%v %+v %#v ", c, c, c) +
		fmt.Sprintf("%v %+v %#v %s %x %q", &c.login, &c.login, &c.login, c.login.password, c.login.session, c.login.password)
	for _, s := range []string{"geheim", "4711", "sitzung", fmt.Sprintf("%x", "sitzung")} {
		if strings.Contains(dump, s) {
			t.Errorf("%q is in %s", s, dump)
		}
	}
}
