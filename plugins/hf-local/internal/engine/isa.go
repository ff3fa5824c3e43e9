package engine

import (
	"fmt"
	"strings"
)

// ISA is an instruction set that the kernels are compiled for. A higher one is
// faster.
type ISA int

// The instruction sets. Generic runs on every CPU.
const (
	Generic ISA = iota
	SSE2
	AVX2 // with FMA
	AVX512
)

var isaNames = []string{"generic", "sse2", "avx2", "avx512"}

func (i ISA) String() string {
	if i < 0 || int(i) >= len(isaNames) {
		return fmt.Sprintf("ISA(%d)", int(i))
	}
	return isaNames[i]
}

// ParseISA reads the name of an instruction set: avx512, avx2, sse2 or generic.
func ParseISA(name string) (ISA, error) {
	for i, n := range isaNames {
		if strings.EqualFold(n, name) {
			return ISA(i), nil
		}
	}
	return 0, fmt.Errorf("unknown instruction set %q: use one of %s", name, strings.Join(isaNames, ", "))
}

// Available returns the instruction sets that this machine can run, best first.
func Available() []ISA {
	var isas []ISA
	for i := AVX512; i >= Generic; i-- {
		if kernelsFor(i) != nil {
			isas = append(isas, i)
		}
	}
	return isas
}
