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

// calledByItsName refuses web pages that a browser shows. One of them could reach a help desk that only this machine can:
// by a name of its own that it lets point here (DNS rebinding), or by a form that it sends here.
func (s *Server) calledByItsName(r *http.Request) error {
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
		return errors.New("the help desk answers no pages of other sites: open its own address in the browser")
	}
	return nil
}

// foreignRead is true for what another page reads or embeds here, which
// [http.CrossOriginProtection] lets pass. A link to the help desk's page is none.
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
