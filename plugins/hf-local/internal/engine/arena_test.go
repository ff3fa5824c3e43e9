package engine_test

import (
	"testing"
	"unsafe"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

func TestAnArenaGivesZeroedAlignedMemoryThatDoesNotOverlap(t *testing.T) {
	arena := engine.NewArena(100)
	var parts [][]float32
	for _, n := range []int{1, 15, 16, 17, 0, 1000, 1 << 20, 3} {
		part, err := arena.Floats(n)
		if err != nil {
			t.Fatal(err)
		}
		if len(part) != n || cap(part) != n {
			t.Fatalf("asked for %d values, got %d with room for %d", n, len(part), cap(part))
		}
		if n > 0 && uintptr(unsafe.Pointer(&part[0]))%64 != 0 {
			t.Errorf("%d values begin within a cache line", n)
		}
		for _, v := range part {
			if v != 0 {
				t.Fatalf("a part of %d values holds %v of another", n, v)
			}
		}
		for i := range part {
			part[i] = 1
		}
		parts = append(parts, part)
	}
	if err := arena.Free(); err != nil {
		t.Error(err)
	}
	if err := arena.Free(); err != nil {
		t.Errorf("freeing twice: %v", err)
	}
	_ = parts
}

func TestMoreMemoryThanThereIsIsAnError(t *testing.T) {
	arena := engine.NewArena(0)
	if _, err := arena.Floats(1 << 50); err == nil {
		t.Error("no error for 4 PB")
	}
}

func TestOrdinaryMemoryIsAligned(t *testing.T) {
	for n := 1; n < 40; n++ {
		s := engine.Floats(n)
		if len(s) != n || uintptr(unsafe.Pointer(&s[0]))%64 != 0 {
			t.Errorf("%d values: length %d at %p", n, len(s), &s[0])
		}
	}
}
