package runs

import (
	"testing"
	"time"
)

// TestAStoreThatCanNotBeWrittenIsSaidOnceAndOnceWhenItIsOver: a run waits with what it has done.
func TestAStoreThatCanNotBeWrittenIsSaidOnceAndOnceWhenItIsOver(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		b := &broken{Store: d.store}
		d.over = b
		d.die()
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "write", d.write("1"))
		b.down.Store(true)
		time.AfterFunc(10*time.Second, func() {
			if s := d.engine.State(); s.Lost.IsZero() || s.LostErr == nil {
				t.Error("its state says nothing of it")
			}
			if n := d.log.count("level=ERROR msg=\"the run store can't be written"); n != 1 {
				t.Errorf("that it can't be written is said %d times", n)
			}
		})
		time.AfterFunc(time.Minute, func() { b.down.Store(false) })
		d.end(r)
		time.Sleep(10 * time.Second) // nothing more is to be stored
		if n := d.log.count("level=INFO msg=\"the run store can be written again"); n != 1 {
			t.Errorf("that it is over is said %d times", n)
		}
		if s := d.engine.State(); !s.Lost.IsZero() {
			t.Errorf("it is lost still: %v", s.LostErr)
		}
	})
}
