package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// protocol is the version of what supervisor and worker say. It grows with a message that the
// other side has to understand; what it may pass over needs none.
const protocol = 1

// The kinds of messages. The supervisor begins with begin, the worker with hello.
const (
	kindBegin    = "begin"    // to the worker: the version, the death that it replaces, whether it is beside another one, with what it works
	kindStop     = "stop"     // to the worker: end in order
	kindYield    = "yield"    // to the worker: begin nothing more, give back the runs, close the store, and wait
	kindResume   = "resume"   // to the worker that has yielded: go on, there is no other one
	kindTake     = "take"     // to the worker that is prepared: open the store and begin
	kindHello    = "hello"    // the versions, and what a supervisor of this binary can take over
	kindAlive    = "alive"    // the scheduler works
	kindStage    = "stage"    // what it does from now on, with which plugin
	kindPlugin   = "plugin"   // one that it has opened
	kindPlace    = "place"    // a place whose calls it counts, and whose plugin works there; or what it counts of a plugin's life
	kindTemp     = "temp"     // a folder that it removes at its end
	kindTrace    = "trace"    // where the trace of its end will be
	kindLogging  = "logging"  // how its configuration wants lines to look
	kindWaiting  = "waiting"  // the start is over as far as it depends on this process; for what it waits
	kindDoors    = "doors"    // by which others ask, as its configuration wants them
	kindPatience = "patience" // how long a part of a reload may take, as its configuration has it
	kindInstead  = "instead"  // since when what it works with, instead of what is there, is known to work
	kindExit     = "exit"     // the exit code; it is about to end

	// Of a worker that takes the place of another, or gives it up.
	kindPrepared = "prepared" // its configuration is right, and its services have been started as far as they can be
	kindRefused  = "refused"  // why it can't take over; it is about to end
	kindYielded  = "yielded"  // it holds nothing any more
	kindTook     = "took"     // it has the store, and begins
)

// message is one of them, as JSON. Each is a packet, so none can be cut in two.
type message struct {
	Kind    string          `json:"kind"`
	Version int             `json:"version,omitempty"`
	Death   *crashes.Death  `json:"death,omitempty"`
	Earlier []crashes.Death `json:"earlier,omitempty"`
	Stage   string          `json:"stage,omitempty"`
	At      string          `json:"at,omitempty"`
	Plugin  *crashes.Plugin `json:"plugin,omitempty"`
	Trace   string          `json:"trace,omitempty"`
	Folder  string          `json:"folder,omitempty"`
	Format  string          `json:"format,omitempty"`
	Level   string          `json:"level,omitempty"`
	Code    int             `json:"code,omitempty"`
	Number  int             `json:"number,omitempty"` // of a place
	Life    bool            `json:"life,omitempty"`   // it is for what runs of the plugin outside of calls
	Doors   *Doors          `json:"doors,omitempty"`
	Beside  bool            `json:"beside,omitempty"`
	Handed  []byte          `json:"handed,omitempty"` // by a worker to the one that takes over
	Instead *Instead        `json:"instead,omitempty"`
	Covered []int           `json:"covered,omitempty"`
	Memory  bool            `json:"memory,omitempty"` // it has the descriptor for that
	Runs    string          `json:"runs,omitempty"`   // where runs are kept
	Text    string          `json:"text,omitempty"`
	Build   string          `json:"build,omitempty"` // the version of otai

	TakesOver int       `json:"takes_over,omitempty"` // the form of what a supervisor leaves
	Deep      bool      `json:"deep,omitempty"`       // more is to be asked before it takes over
	Patience  *Patience `json:"patience,omitempty"`
}

const (
	maxMessage = 64 << 10 // bytes
	// A side that doesn't read for so long is stopped, or has ended. Its messages are dropped:
	// none is worth waiting for.
	sendPatience = time.Second
)

// channel is one end of the connection.
type channel struct{ file *os.File }

// newChannel returns both ends. The second one is for another process.
func newChannel() (channel, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return channel{}, nil, fmt.Errorf("socketpair: %w", err)
	}
	return channel{os.NewFile(uintptr(fds[0]), "worker")}, os.NewFile(uintptr(fds[1]), "supervisor"), nil
}

func (c channel) send(m message) error {
	content, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := c.file.SetWriteDeadline(time.Now().Add(sendPatience)); err != nil {
		return err
	}
	_, err = c.file.Write(content)
	return err
}

// receive calls with each message until the other side has gone. What can't be read is passed
// over.
func (c channel) receive(got func(message)) {
	buffer := make([]byte, maxMessage)
	for {
		n, err := c.file.Read(buffer)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(buffer[:n], &m) == nil {
			got(m)
		}
	}
}

// receiveOne waits for one message, for at most so long.
func (c channel) receiveOne(patience time.Duration) (m message, err error) {
	if err := c.file.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return m, err
	}
	buffer := make([]byte, maxMessage)
	n, err := c.file.Read(buffer)
	if errors.Is(err, io.EOF) {
		return m, errors.New("the supervisor has gone")
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(buffer[:n], &m); err != nil {
		return m, err
	}
	return m, c.file.SetReadDeadline(time.Time{})
}
