package systemd

import (
	"cmp"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// The variables of a manager.
const (
	socketVariable   = "NOTIFY_SOCKET"
	watchdogVariable = "WATCHDOG_USEC"
	watchedVariable  = "WATCHDOG_PID"
)

const (
	sendPatience = time.Second // for a manager that doesn't read
	extendEach   = 10 * time.Second
	extendBy     = 30 * time.Second
)

// Manager is the service manager that started this process. A nil one is that of a process that
// none started so, and its methods do nothing. One goroutine calls them.
type Manager struct {
	address  net.UnixAddr
	watchdog time.Duration // 0: it watches nothing
	environ  []string
	ready    bool
	busy     bool   // with what the manager may be waiting for
	status   string // the last one
	// When it was last heard of.
	alive, extended time.Time
}

// Take returns the manager that the environment names, and takes its variables out of it.
func Take() *Manager {
	m := &Manager{}
	values := make(map[string]string)
	for _, name := range []string{socketVariable, watchdogVariable, watchedVariable} {
		if value, ok := os.LookupEnv(name); ok {
			values[name] = value
			m.environ = append(m.environ, name+"="+value)
			_ = os.Unsetenv(name) // a name that is there can be removed
		}
	}
	socket := values[socketVariable]
	if !strings.HasPrefix(socket, "/") && !strings.HasPrefix(socket, "@") { // which stands for an abstract one
		return nil
	}
	m.address = net.UnixAddr{Name: socket, Net: "unixgram"}
	usec, err := strconv.ParseInt(values[watchdogVariable], 10, 64)
	if watched := values[watchedVariable]; err == nil && usec > 0 && cmp.Or(watched, strconv.Itoa(os.Getpid())) == strconv.Itoa(os.Getpid()) {
		m.watchdog = time.Duration(usec) * time.Microsecond
	}
	return m
}

// Environ has the variables that Take removed, for a process that takes the place of this one.
func (m *Manager) Environ() []string {
	if m == nil {
		return nil
	}
	return m.environ
}

// Resume is for a process that has taken the place of another one: the manager knows that the
// service has started, and its status.
func (m *Manager) Resume(status string) {
	if m != nil {
		m.ready, m.status = true, status
	}
}

// StillAlive is Alive, and the manager hears of it at once.
func (m *Manager) StillAlive() {
	if m != nil {
		m.alive = time.Time{}
		m.Alive()
	}
}

// Ready says that the start is over.
func (m *Manager) Ready(status string) {
	if m == nil || m.ready {
		m.Status(status)
		return
	}
	m.ready, m.status = true, status
	m.say("READY=1", "STATUS="+status)
}

// Status says in one line how the service stands.
func (m *Manager) Status(status string) {
	if m != nil && m.status != status {
		m.status = status
		m.say("STATUS=" + status)
	}
}

// Busy notes whether a reload is under way: the manager that asked for it waits only as long as for a start.
func (m *Manager) Busy(busy bool) {
	if m != nil {
		m.busy, m.extended = busy, time.Time{}
	}
}

// Stopping says that the service ends.
func (m *Manager) Stopping() {
	if m != nil {
		m.status = "stopping"
		m.say("STOPPING=1", "STATUS="+m.status)
	}
}

// Alive is called often, as long as all is as it should be: the manager hears of it as often as
// it has to, and gives a start and a reload more time.
func (m *Manager) Alive() {
	if m == nil {
		return
	}
	now := time.Now()
	if m.watchdog > 0 && now.Sub(m.alive) >= m.watchdog/2 {
		m.alive = now
		m.say("WATCHDOG=1")
	}
	if (!m.ready || m.busy) && now.Sub(m.extended) >= extendEach {
		m.extended = now
		m.say("EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(extendBy.Microseconds(), 10))
	}
}

// say sends one datagram. A manager that can't be reached is being started anew: what matters is
// said again.
func (m *Manager) say(lines ...string) {
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ") // a second line would be another word
	}
	conn, err := net.DialUnix("unixgram", nil, &m.address)
	if err != nil {
		return
	}
	defer conn.Close()
	if conn.SetWriteDeadline(time.Now().Add(sendPatience)) == nil {
		_, _ = conn.Write([]byte(strings.Join(lines, "\n")))
	}
}
