package supervise

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A worker can end without a word and without a trace, as by os.Exit in the middle of a step.
// So it counts, in memory that its supervisor keeps, which places of the configuration run code
// of a plugin. To count costs nothing that can be measured, and nothing ends what was counted.
const (
	maxPlaces = 4096 // what is beyond is not counted
	sizeCount = 4    // bytes
)

// workerCalls is the worker's descriptor of that memory.
const workerCalls = workerChannel + 1

func newCalls() (*os.File, error) {
	fd, err := unix.MemfdCreate("otai-calls", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), "calls")
	return file, file.Truncate(maxPlaces * sizeCount)
}

// calls are the counts as the worker sees them.
type calls struct {
	memory []byte // nil: they are for nobody
	places int
}

func openCalls(fd int) calls {
	memory, err := unix.Mmap(fd, 0, maxPlaces*sizeCount, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return calls{} // the supervisor is of another release
	}
	_ = unix.Close(fd) // the memory stays
	return calls{memory: memory}
}

// next is the count of a further place, and its number; -1: it is for nobody.
func (c *calls) next() (int, *atomic.Int32) {
	if c.memory == nil || c.places == maxPlaces {
		return -1, new(atomic.Int32)
	}
	n := c.places
	c.places++
	return n, (*atomic.Int32)(unsafe.Pointer(&c.memory[n*sizeCount]))
}

// busy are the numbers of the places at which code runs, or ran when the worker ended.
func busy(counts *os.File) (places []int) {
	memory := make([]byte, maxPlaces*sizeCount)
	if _, err := counts.ReadAt(memory, 0); err != nil {
		return nil
	}
	for n := range maxPlaces {
		if binary.NativeEndian.Uint32(memory[n*sizeCount:]) != 0 {
			places = append(places, n)
		}
	}
	return places
}
