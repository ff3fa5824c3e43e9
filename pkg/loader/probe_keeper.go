package loader

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/open-ticket-ai/otai/internal/orphans"
)

// keeperArgument is the first argument of a process that keeps a probe. Its second one is
// the longest time that the probe may take, its third one the argument of the probe.
//
// The keeper stands between this process and the one that opens the file. It runs no code
// of a plugin, so that what a plugin does to its parent doesn't reach the command, and it
// inherits whatever the plugin leaves behind, and ends that.
const keeperArgument = "__keep-probe"

// keeperStatus is the keeper's descriptor on which it says what became of the probe.
const keeperStatus = 5

// keptProbe is what the keeper says: first which process opens the file, then how that
// ended. Without the second, the keeper was ended itself.
type keptProbe struct {
	Process int    `json:"process,omitempty"`
	Ended   bool   `json:"ended,omitempty"`
	Exit    int    `json:"exit,omitempty"`   // status, of a probe that ended by itself
	Signal  int    `json:"signal,omitempty"` // that ended it
	Failure string `json:"failure,omitempty"`
}

// keepProbe is the keeper's life.
func keepProbe(limit, argument string) error {
	for _, descriptor := range []int{probeResult, probeLifeline, keeperStatus} {
		if !isPipe(descriptor) {
			return errors.New("this is for the process itself, which tries plugin files so")
		}
		syscall.CloseOnExec(descriptor)
	}
	status := json.NewEncoder(os.NewFile(keeperStatus, "status"))
	longest, err := time.ParseDuration(limit)
	if err == nil {
		err = orphans.Adopt()
	}
	if err != nil {
		return errors.Join(err, status.Encode(keptProbe{Failure: err.Error()}))
	}
	ended, err := runKept(longest, argument, status)
	if err != nil {
		ended = keptProbe{Failure: err.Error()}
	}
	if left := orphans.Kill(); len(left) > 0 {
		return fmt.Errorf("processes %v of a plugin can't be ended", left)
	}
	return status.Encode(ended)
}

func runKept(longest time.Duration, argument string, status *json.Encoder) (keptProbe, error) {
	// The probe ends with its keeper, as the keeper does with the command.
	lifeline, lifelineWriter, err := os.Pipe()
	if err != nil {
		return keptProbe{}, err
	}
	defer lifelineWriter.Close()
	result := os.NewFile(probeResult, "result")
	command := exec.Command("/proc/self/exe", probeArgument, argument)
	command.Args[0] = os.Args[0]
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.ExtraFiles = []*os.File{result, lifeline}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = command.Start()
	// Only the probe holds the result open: its end is then the probe's.
	if err = errors.Join(err, result.Close(), lifeline.Close()); err != nil {
		return keptProbe{}, err
	}
	if err := status.Encode(keptProbe{Process: command.Process.Pid}); err != nil {
		_ = command.Process.Kill()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait()
	}()
	gone := make(chan struct{})
	go func() { // ends with this process
		_, _ = io.Copy(io.Discard, os.NewFile(probeLifeline, "lifeline"))
		close(gone)
	}()
	select {
	case <-ended:
	case <-gone:
	case <-time.After(longest):
	}
	// What it started in its group ends with it, without a time in which it could have left.
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	_ = command.Process.Kill()
	<-ended
	end := keptProbe{Ended: true}
	if state, ok := command.ProcessState.Sys().(syscall.WaitStatus); ok && state.Signaled() {
		end.Signal = int(state.Signal())
	} else {
		end.Exit = command.ProcessState.ExitCode()
	}
	return end, nil
}
