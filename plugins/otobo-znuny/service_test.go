package main

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestASessionEndsWithTheServiceOrItSaysThatItCanNot(t *testing.T) {
	for name, c := range map[string]struct {
		refuses, used bool
		removed       int64
		said          string
	}{
		"the server ends it": {used: true, removed: 1},
		"the server can't":   {used: true, refuses: true, said: "the session stays in the help desk until it has been idle for two hours"},
		"none was made":      {},
	} {
		t.Run(name, func(t *testing.T) {
			var removed atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/session-create"):
					_, _ = io.WriteString(w, `{"SessionID":"sitzung"}`)
				case strings.HasSuffix(r.URL.Path, "/session-remove") && c.refuses:
					w.WriteHeader(http.StatusInternalServerError)
					_, _ = io.WriteString(w, `{"faultcode":"Server","faultstring":"Can't load operation backend module Kernel::GenericInterface::Operation::Session::SessionRemove!"}`)
				case strings.HasSuffix(r.URL.Path, "/session-remove"):
					removed.Add(1)
					fallthrough
				default:
					_, _ = io.WriteString(w, "{}")
				}
			}))
			defer server.Close()
			var log strings.Builder
			host := api.NewHost(api.HostOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			s, err := newTicketSystem(Params{BaseURL: server.URL, Password: "geheim-4711", UseSession: true}, host)
			if err != nil {
				t.Fatal(err)
			}
			if c.used {
				if err := s.CheckHealth(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if removed.Load() != c.removed || c.said == "" != (log.String() == "") || !strings.Contains(log.String(), c.said) {
				t.Errorf("%d sessions were removed; the log says %q", removed.Load(), log.String())
			}
		})
	}
}

func TestWrongParamsAreNamed(t *testing.T) {
	for field, p := range map[string]Params{
		"tls.ca_file": {TLS: TLS{CAFile: "service_test.go"}},
		"tls":         {TLS: TLS{CertFile: "service_test.go"}},
		"proxy":       {Proxy: "proxy:3128"},
		"note_marker": {NoteMarker: "Subject"},
	} {
		p.BaseURL, p.Password = "https://desk.example.org", "geheim"
		_, err := newTicketSystem(p, api.Host{})
		var wrong *api.FieldError
		if !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
