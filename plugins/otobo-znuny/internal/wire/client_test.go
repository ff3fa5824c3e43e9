package wire

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/recorded"
)

// connect is a client that doesn't wait long.
func connect(t testing.TB, address string, change ...func(*Config)) *Client {
	t.Helper()
	config := Config{
		BaseURL: address + "/otobo/" + Script, WebService: "OpenTicketAI",
		Routes: map[Operation]string{
			TicketSearch: "ticket-search", TicketGet: "ticket-get", TicketUpdate: "ticket-update", TicketCreate: "ticket-create",
			SessionCreate: "session-create", SessionRemove: "session-remove",
		},
		Timeouts: map[Operation]time.Duration{},
		Retry:    RetryPolicy{FirstPause: time.Millisecond, MaxElapsed: 20 * time.Millisecond},
		Username: "open_ticket_ai", Password: "geheim-4711", Redact: func(string) {},
		MaxConnections: 8, MaxResponseMB: 64, UserAgent: "test", Logger: slog.New(slog.DiscardHandler),
	}
	for op := range config.Routes {
		config.Timeouts[op] = 30 * time.Second
	}
	for _, f := range change {
		f(&config)
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// patient makes a client repeat a request however long the first one takes on a busy machine.
func patient(c *Config) { c.Retry.MaxElapsed = time.Minute }

// connectToAnswer is a client whose server gives f's answer to everything.
func connectToAnswer(t testing.TB, f http.Handler, change ...func(*Config)) *Client {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return connect(t, server.URL, change...)
}

func connectToRecorded(t testing.TB, name string, change ...func(*Config)) *Client {
	t.Helper()
	answer, ok := recorded.Answers(t)[name]
	if !ok {
		t.Fatalf("%s is not recorded", name)
	}
	return connectToAnswer(t, answer, change...)
}

// search makes the smallest search there is.
func (c *Client) search(t testing.TB) error {
	_, err := c.Read(t.Context(), TicketSearch, "", Message{"Limit": 1})
	return err
}
