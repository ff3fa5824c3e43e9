package engine

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"unsafe"
)

const (
	hugePage  = 2 << 20 // bytes
	alignment = 16      // values: a cache line
)

// Arena is memory for weights outside of the Go heap: the collector neither scans
// nor counts it, and it asks for huge pages, without which reading hundreds of
// megabytes of weights waits for address translation. All of it is freed at once.
type Arena struct {
	mu     sync.Mutex
	block  int // values
	free   []float32
	blocks [][]byte
}

// NewArena returns an arena that is expected to get about that many values.
func NewArena(values int) *Arena { return &Arena{block: values} }

// Floats returns n zero values, aligned to a cache line.
func (a *Arena) Floats(n int) ([]float32, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	need := (n + alignment - 1) / alignment * alignment
	if need > len(a.free) {
		if err := a.grow(max(need, a.block)); err != nil {
			return nil, err
		}
	}
	out := a.free[:n:n]
	a.free = a.free[need:]
	return out, nil
}

func (a *Arena) grow(values int) error {
	size := (values*4 + hugePage - 1) / hugePage * hugePage
	block, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("getting %d MB of memory for the model's weights: %w", size>>20, err)
	}
	// Only a wish: without huge pages everything works, but slower.
	_ = syscall.Madvise(block, syscall.MADV_HUGEPAGE)
	a.blocks = append(a.blocks, block)
	// The mapping is page-aligned, lives until Free and holds no pointers, so
	// it may be seen as floats.
	a.free = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(block))), size/4)
	a.block = min(a.block, 4<<20)
	return nil
}

// Free gives all memory back. Nothing that came from the arena may be used after.
func (a *Arena) Free() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var errs []error
	for _, b := range a.blocks {
		errs = append(errs, syscall.Munmap(b))
	}
	a.blocks, a.free = nil, nil
	return errors.Join(errs...)
}

// Floats returns n zero values of ordinary memory, aligned to a cache line.
func Floats(n int) []float32 {
	s := make([]float32, n+alignment)
	// The Go heap doesn't move, so what is aligned stays aligned.
	misaligned := int(uintptr(unsafe.Pointer(unsafe.SliceData(s))) / 4 % alignment)
	skip := (alignment - misaligned) % alignment
	return s[skip : skip+n : skip+n]
}
