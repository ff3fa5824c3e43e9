package store

import "testing"

func TestHTMLIsStoredAsPlainText(t *testing.T) {
	for source, want := range map[string]string{
		"<p>fett <b>x</b></p>": "\nfett x\n\n",
		"<html><body><p>Hallo <b>Welt</b></p><script>alert(1)</script><table><tr><td>1</td></tr></table></body></html>": "\nHallo Welt\n\nalert(1)\n\n1 \n\n",
		"a<br/>b<BR>c":                      "a\nb\nc",
		"<ul><li>eins<li class=x>zwei</ul>": "\n\n - eins\n - zwei\n",
		"1 &lt; 2 &amp; 3 < 4":              "1 < 2 & 3 < 4",
		"a<!-- > -->b<!-- c":                "ab<!-- c",
		"x <unfinished":                     "x <unfinished",
		"line\r\n  of\ttext":                "line of text",
		"":                                  "",
	} {
		if got := plainText(source); got != want {
			t.Errorf("%q became %q, want %q", source, got, want)
		}
	}
}
