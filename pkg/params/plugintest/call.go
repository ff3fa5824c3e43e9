package plugintest

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// call runs f, which is the plugin's code, and says how it broke: by a panic, or
// by not coming back. What f answers otherwise, it keeps in variables of its own,
// which may be read only when nothing broke.
func call(patience time.Duration, f func()) (broken error) {
	ended := make(chan error, 1)
	go func() {
		broken := errors.New("ended its goroutine by runtime.Goexit, as a test's FailNow does")
		defer func() {
			if v := recover(); v != nil {
				broken = fmt.Errorf("panicked: %v\n%s", v, debug.Stack())
			}
			ended <- broken
		}()
		f()
		broken = nil
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case broken := <-ended:
		return broken
	case <-timer.C:
		return fmt.Errorf("has not returned after %v", patience)
	}
}
