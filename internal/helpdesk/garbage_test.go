package helpdesk

import (
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestItOutlivesGarbage sends bytes that aren't HTTP, half requests, and requests that make no sense to the interface.
func TestItOutlivesGarbage(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := serve(t, Options{})
	defer s.stop()
	s.AddTicket(NewTicket{Title: "t"})
	path := s.BasePath() + "/Webservice/OpenTicketAI/ticket-search"
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 3000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for _, sent := range []string{
		"", "\r\n\r\n", string(noise), "GET", "POST " + path + " HTTP/1.1\r\n", "POST " + path + " HTTP/9.9\r\nHost: x\r\n\r\n",
		"POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n{\"UserLogin\"",
		"POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"POST " + path + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
		"POST " + path + "/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
		"BREW " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
		"POST " + path + "?a=%ff&b;=;=c&&TicketID=1&TicketID=2&TicketID=3 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
		"GET /_control/../_control/tickets/-1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"PUT /_control/faults HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n[]",
	} {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, sent) // it may have hung up already
		_ = c.(*net.TCPConn).CloseWrite()
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadAll(c); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%.60q is never answered nor hung up on", sent)
		}
		_ = c.Close()
	}
	if r := s.send("ticket-get", `"TicketID": 1`); r.err != nil || r.status != http.StatusOK {
		t.Errorf("after all that: %+v", r)
	}
}
