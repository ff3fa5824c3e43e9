package main_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// hostileRequest is one that nobody should send.
type hostileRequest struct {
	name string
	send func(address string, n int) (status string)
}

// raw sends a text and returns the status that it is answered with. Whoever is slow is given up
// after patience.
func raw(text func(n int) string, patience time.Duration) func(string, int) string {
	return func(address string, n int) string {
		c, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err != nil {
			return "no connection"
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(c, text(n))
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			return "closed, or given up"
		}
		fields := strings.Fields(line)
		_, _ = io.Copy(io.Discard, c)
		if len(fields) < 2 {
			return "something else"
		}
		return fields[1]
	}
}

func of(text string) func(int) string { return func(int) string { return text } }

const soon = 150 * time.Millisecond

var hostile = []hostileRequest{
	{"a path of 100 KB", raw(of("GET /"+strings.Repeat("x", 100_000)+" HTTP/1.1\r\nHost: localhost\r\n\r\n"), soon)},
	{"a header of 100 KB", raw(of("GET /status HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("y", 100_000)+"\r\n\r\n"), soon)},
	{"a thousand headers", raw(of("GET /metrics HTTP/1.1\r\nHost: localhost\r\n"+strings.Repeat("X: y\r\n", 1000)+"\r\n"), soon)},
	{"a body of a gigabyte, announced", raw(of("POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n"+strings.Repeat("z", 50_000)), soon)},
	{"a body in wrong chunks", raw(of("POST /reload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"), soon)},
	{"two lengths", raw(of("GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nabcde"), soon)},
	{"half a request", raw(of("GET /readyz HTTP/1.1\r\nHost: local"), soon)},
	{"nothing at all", raw(of(""), soon)},
	{"a byte now and then", func(address string, _ int) string {
		c, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err != nil {
			return "no connection"
		}
		defer c.Close()
		for _, b := range []byte("GET /metrics") {
			if _, err := c.Write([]byte{b}); err != nil {
				return "closed, or given up"
			}
			time.Sleep(20 * time.Millisecond)
		}
		return "closed, or given up"
	}},
	{"an answer that nobody reads", func(address string, _ int) string {
		c, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err != nil {
			return "no connection"
		}
		defer c.Close()
		_, _ = io.WriteString(c, strings.Repeat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 50))
		time.Sleep(soon)
		return "closed, or given up"
	}},
	{"no HTTP, as TLS begins", raw(of("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03 no HTTP at all\r\n\r\n"), soon)},
	{"TLS where there is none", func(address string, _ int) string {
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: soon}, "tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			return "closed, or given up"
		}
		_ = c.Close()
		return "answered"
	}},
	{"bytes", raw(func(n int) string { return strings.Repeat(string(rune(n%256)), 4096) }, soon)},
	{"HTTP/2", raw(of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), soon)},
	{"another method", raw(func(n int) string {
		return []string{"PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "OTHER"}[n%6] + " /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
	}, time.Second)},
	{"another host", raw(of("GET /metrics HTTP/1.1\r\nHost: evil.example.org\r\nConnection: close\r\n\r\n"), time.Second)},
	{"another origin", raw(of("GET /metrics HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example.org\r\nConnection: close\r\n\r\n"), time.Second)},
	{"a path to what is behind the token", raw(func(n int) string {
		return "GET /" + []string{"status", "debug/pprof/heap", "debug/pprof/profile?seconds=40", "reload", "healthz/../status", "%2e%2e/status", fmt.Sprint("x", n)}[n%7] + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
	}, time.Second)},
	{"a guess at the token", raw(func(n int) string {
		return fmt.Sprintf("GET /status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %d\r\nConnection: close\r\n\r\n", n)
	}, time.Second)},
	{"metrics again and again", raw(of("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 5*time.Second)},
}
