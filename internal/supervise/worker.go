package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/open-ticket-ai/otai/internal/orphans"
	"github.com/open-ticket-ai/otai/internal/supervise/crashes"
)

// The stages of a worker, which says what it is about to do with code of a plugin.
const (
	StageStart    = "starting"         // nothing of a plugin runs
	StageOpening  = "opening a plugin" // its init functions, CreatePlugin, and what it says of itself
	StageChecking = "checking"         // the Validate of its params
	StageBuilding = "building"         // a service or pipe
	StageStarting = "starting a service"
	StageReady    = "working" // the first cycle has begun, or is about to
	StageClosing  = "closing"
)

const (
	beginPatience = 10 * time.Second
	reportEach    = 5 * time.Second
	// What a worker may take to end when its supervisor has gone: as long as a running step
	// may at a stop. Whoever starts otai anew waits longer for the state folder.
	orphanPatience = 5 * time.Second
)

// Worker is the connection of a worker to its supervisor. A nil one is that of a process
// without a supervisor, and its methods do nothing.
type Worker struct {
	wire       channel
	supervisor int // process
	calls      calls
	answers    *answers
	signals    chan os.Signal // nobody reads it
	nohup      bool           // SIGHUP was ignored by the caller
	replaces   *crashes.Death
	earlier    []crashes.Death
	turns      turns // who has the store
	deep       bool
	memory     *os.File
	instead    *Instead
	covered    []int
	stopped    context.Context
	stop       context.CancelCauseFunc
	ended      chan struct{} // closed by End
	done       sync.WaitGroup
}

var errSupervisorGone = errors.New("the supervisor has gone")

// Connect must be called by main before anything else but the probe's. It returns nil in a
// process that wasn't started as a worker. build is the version of this otai.
func Connect(build string) (*Worker, error) { return connect(build, form) }

// connect says that a supervisor of this binary takes over that form, or none.
func connect(build string, takesOver int) (*Worker, error) {
	if len(os.Args) < 2 || os.Args[1] != workerArgument {
		return nil, nil
	}
	var stat unix.Stat_t
	if err := unix.Fstat(workerChannel, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, errors.New("this is for otai itself, which runs its workers so")
	}
	unix.CloseOnExec(workerChannel)
	os.Args = append(os.Args[:1], os.Args[2:]...)
	w := &Worker{supervisor: os.Getppid(), wire: channel{os.NewFile(workerChannel, "supervisor")}, ended: make(chan struct{}), signals: make(chan os.Signal, 1)}
	begin, err := w.wire.receiveOne(beginPatience)
	if err != nil {
		return nil, fmt.Errorf("hearing from the supervisor: %w", err)
	}
	w.earlier, w.replaces, w.calls, w.answers, w.turns = begin.Earlier, begin.Death, openCalls(workerCalls), openAnswers(), newTurns(begin.Beside)
	w.deep = begin.Deep
	w.memory, w.instead, w.covered = openMemory(begin.Memory), begin.Instead, begin.Covered
	_ = giveStderr() // which an earlier release's supervisor doesn't ask for
	// So that nobody is lost if the supervisor is killed before this process.
	if err := orphans.Adopt(); err != nil {
		return nil, err
	}
	w.nohup = signal.Ignored(unix.SIGHUP)
	w.TakeSignals()
	debug.SetMaxStack(maxStack)
	w.stopped, w.stop = context.WithCancelCause(context.Background())
	w.done.Go(w.listen)
	w.done.Go(w.report)
	w.done.Go(w.answers.listen)
	w.say(message{Kind: kindHello, Version: protocol, Build: build, TakesOver: takesOver})
	return w, nil
}

// maxStack is that of a probe. Go's limit is sixteen times as much, which takes seconds to fill, in
// which nobody knows what is wrong.
const maxStack = 64 << 20 // bytes

// TakeSignals makes the signals that ask for the end do nothing: the supervisor is asked, and
// it asks this process. They are caught, because a program that a plugin starts would inherit
// that they are ignored; what the caller ignores stays so. To be in the background of a
// terminal must not stop this process, and for that there is no other way than to ignore.
// It is called again where code of a plugin may have changed that.
func (w *Worker) TakeSignals() {
	if w == nil {
		return
	}
	for _, sig := range []syscall.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP} {
		if sig != unix.SIGHUP || !w.nohup {
			signal.Notify(w.signals, sig)
		}
	}
	signal.Ignore(unix.SIGTTOU, unix.SIGTTIN)
}

// listen hears the supervisor until End. If that has gone, this process stops, too.
func (w *Worker) listen() {
	w.wire.receive(func(m message) {
		switch m.Kind {
		case kindStop:
			w.stop(context.Canceled)
		default:
			w.turns.hear(m)
		}
	})
	select {
	case <-w.ended:
		return
	default:
	}
	w.stop(errSupervisorGone)
	select {
	case <-w.ended:
	case <-time.After(orphanPatience):
		w.vanish()
	}
}

// report says again and again that the scheduler lets a goroutine run.
func (w *Worker) report() {
	tick := time.NewTicker(reportEach)
	defer tick.Stop()
	adopted := zombies{}
	for {
		select {
		case <-w.ended:
			return
		case <-tick.C:
			w.say(message{Kind: kindAlive})
			adopted.reap()
		}
	}
}

func (w *Worker) say(m message) {
	if w != nil {
		_ = w.wire.send(m) // a supervisor that doesn't listen has gone, or is stopped
	}
}

// vanish ends this process and all that it started, at once.
func (w *Worker) vanish() {
	orphans.Kill()
	_ = unix.Kill(0, unix.SIGKILL)
}

// Context returns a context that ends with ctx, and when the supervisor asks for the end or
// has gone.
func (w *Worker) Context(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if w == nil {
		return ctx, cancel
	}
	stop := context.AfterFunc(w.stopped, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// SupervisorPID is the process by which this one is stopped; 0: it has no supervisor.
func (w *Worker) SupervisorPID() int {
	if w == nil {
		return 0
	}
	return w.supervisor
}

// Replaces is the death of the worker before this one; nil: this is the first one.
func (w *Worker) Replaces() *crashes.Death {
	if w == nil {
		return nil
	}
	return w.replaces
}

// Earlier are the deaths before that one which nobody could say anything about: each worker died while it opened plugins.
func (w *Worker) Earlier() []crashes.Death {
	if w == nil {
		return nil
	}
	return w.earlier
}

// Doing says that from now on code of a plugin runs at this stage, at a place in the
// configuration or of a file. p is nil where it isn't a plugin's.
func (w *Worker) Doing(stage, at string, p *crashes.Plugin) {
	w.say(message{Kind: kindStage, Stage: stage, At: at, Plugin: p})
}

// Waiting says that the start is over as far as it depends on this process: it waits for what may
// come back by itself.
func (w *Worker) Waiting(what string) { w.say(message{Kind: kindWaiting, At: what}) }

// Opened says that a plugin is open in this process.
func (w *Worker) Opened(p crashes.Plugin) { w.say(message{Kind: kindPlugin, Plugin: &p}) }

// Place is the count of the calls that run at a place of the configuration, in which a plugin
// works; the supervisor reads it when this process has ended. One goroutine asks for places.
func (w *Worker) Place(at string, p crashes.Plugin) *atomic.Int32 {
	return w.place(message{Kind: kindPlace, At: at, Plugin: &p})
}

// Life is the count of what runs of a plugin where it is built, started and closed. It is asked
// for as places are.
func (w *Worker) Life(p crashes.Plugin) *atomic.Int32 {
	return w.place(message{Kind: kindPlace, Life: true, Plugin: &p})
}

func (w *Worker) place(m message) *atomic.Int32 {
	if w == nil {
		return nil
	}
	number, count := w.calls.next()
	if m.Number = number; number >= 0 {
		w.say(m)
	}
	return count
}

// Temporary names a folder that this process removes at its end, and its supervisor if it dies. Its
// name begins with "otai-".
func (w *Worker) Temporary(dir string) { w.say(message{Kind: kindTemp, Folder: dir}) }

// Tracing says where Go writes the trace of this process's end.
func (w *Worker) Tracing(path string) { w.say(message{Kind: kindTrace, Trace: path}) }

// Logging says how the configuration wants log lines to look.
func (w *Worker) Logging(format, level string) {
	w.say(message{Kind: kindLogging, Format: format, Level: level})
}

// Deep reports whether more is to be asked before this worker takes the place of the one beside it.
func (w *Worker) Deep() bool { return w.Beside() && w.deep }

// Patience says how long this worker may take at a reload.
func (w *Worker) Patience(p Patience) { w.say(message{Kind: kindPatience, Patience: &p}) }

// Doors says by which doors others are to be let in.
func (w *Worker) Doors(d Doors) { w.say(message{Kind: kindDoors, Doors: &d}) }

// End says the exit code. The process ends at once afterwards.
func (w *Worker) End(code int) {
	if w == nil {
		return
	}
	w.say(message{Kind: kindExit, Code: code})
	close(w.ended)
	if errors.Is(context.Cause(w.stopped), errSupervisorGone) {
		w.vanish()
	}
	_ = w.wire.file.Close() // which ends who listens
	w.answers.close()
	w.done.Wait()
}
