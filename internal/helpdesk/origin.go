package helpdesk

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// checkOrigin rejects requests of other web pages in a browser. Such a page could reach a help desk that only this machine can
// reach: by a name of its own that it points here (DNS rebinding), or by a form that it sends here.
func (s *Server) checkOrigin(r *http.Request) error {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	host = strings.TrimSuffix(host, ".")
	_, err = netip.ParseAddr(strings.Trim(host, "[]"))
	known := err == nil || host == "" || strings.EqualFold(host, "localhost") ||
		slices.ContainsFunc(s.hosts, func(name string) bool { return strings.EqualFold(host, name) })
	if !known {
		return fmt.Errorf("the help desk doesn't answer to the name %q: call it by its address or localhost, or start it with --host %s", host, host)
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return err
	}
	if foreignRead(r) {
		return errors.New("the help desk doesn't answer pages of other sites: open its own address in the browser")
	}
	return nil
}

// foreignRead reports whether another page reads or embeds something here, which
// [http.CrossOriginProtection] allows. Following a link to the help desk's page is fine.
func foreignRead(r *http.Request) bool {
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "same-origin", "none":
		return false
	case "":
	default:
		return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document" || r.Header.Get("Origin") != ""
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	o, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(o.Host, r.Host)
}
