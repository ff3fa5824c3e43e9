package helpdesk

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
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
	return http.NewCrossOriginProtection().Check(r)
}
