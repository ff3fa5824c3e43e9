// Package pgtest gives tests a real PostgreSQL: clusters that live no longer than the
// test process, made with the initdb that is found in PATH or where Debian and Red Hat
// put it. Only tests import it.
//
// A package whose tests use it has
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// and its tests call [Database], which skips them where there is no initdb, and says what
// to install. With OTAI_REQUIRE_POSTGRES=1 they fail there instead. A test that stops
// PostgreSQL makes a cluster of its own ([New]); one that cuts a host off from it connects
// that host by a [Proxy].
//
// A cluster listens at a socket in a folder that only its user can enter, and asks for no
// password. If the tests run as root, PostgreSQL, which refuses to, runs as another user.
package pgtest
