package wire

import (
	"fmt"
	"strings"
)

const adviseProxyLogin = "the proxy wants a login: write it into the param proxy, as in http://user:password@proxy.example.org:3128, or set proxy: none"

// adviseService is for an empty answer, which is what the servers give when they
// don't know the web service.
func (c *Client) adviseService() string {
	return fmt.Sprintf("if this lasts, the help desk has no valid web service %q: check webservice_name, and Admin, Web Services in the help desk; if it is there and valid, %s", c.name, adviseModule)
}

// adviseModule names the module without which the servers answer nothing, or a page
// of the web server, whatever the web service.
const adviseModule = "the help desk's machine may lack a Perl module that web services need (Debian: librest-client-perl; bin/*.CheckModules.pl in the help desk's folder lists what is missing)"

func (c *Client) adviseBaseURL() string {
	if !strings.Contains(c.service, Script) {
		return fmt.Sprintf("check base_url: it must end with %s, as in https://desk.example.org/otobo/%s (asked was %s)", Script, Script, c.service)
	}
	return fmt.Sprintf("check base_url: it must lead directly to %s (asked was %s)", Script, c.service)
}
