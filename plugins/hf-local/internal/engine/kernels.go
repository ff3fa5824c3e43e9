package engine

/*
#cgo CFLAGS: -O3
#cgo LDFLAGS: -lm
#include "kernels.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Activation is the function that [Kernels.Linear] applies to its result.
type Activation int

// The activations, as transformers' hidden_act names them: gelu, gelu_new (and
// its aliases), quick_gelu, relu, silu, tanh.
const (
	Identity  Activation = C.OTAI_IDENTITY
	GELU      Activation = C.OTAI_GELU
	GELUTanh  Activation = C.OTAI_GELU_TANH
	QuickGELU Activation = C.OTAI_QUICK_GELU
	ReLU      Activation = C.OTAI_RELU
	SiLU      Activation = C.OTAI_SILU
	Tanh      Activation = C.OTAI_TANH
)

// Kernels are the kernels of one instruction set. They are safe for concurrent
// use on different results.
//
// The methods trust the sizes that they are given, as the C code behind them
// does: their callers have checked every shape against the weights.
type Kernels struct {
	isa ISA
	ops *C.struct_otai_kernels
	// panel is how many output columns a panel of packed weights has.
	panel int
}

func kernelsFor(isa ISA) *C.struct_otai_kernels { return C.otai_kernels_for(C.int(isa)) }

// New returns the kernels of isa, or an error when this machine can't run them.
func New(isa ISA) (*Kernels, error) {
	ops := kernelsFor(isa)
	if ops == nil {
		return nil, fmt.Errorf("this machine can't run %v instructions: it has %v", isa, Available())
	}
	return &Kernels{isa: isa, ops: ops, panel: int(ops.panel)}, nil
}

// ISA returns the instruction set.
func (k *Kernels) ISA() ISA { return k.isa }

// pointer is what C gets of a slice; C keeps none of them.
func pointer(s []float32) *C.float { return (*C.float)(unsafe.Pointer(unsafe.SliceData(s))) }

// Matrix is rows of float32 values in memory, Stride values from one row to the
// next.
type Matrix struct {
	Data   []float32
	Stride int
}

// From returns the matrix that begins at row and column.
func (m Matrix) From(row, column int) Matrix {
	return Matrix{Data: m.Data[row*m.Stride+column:], Stride: m.Stride}
}

// pack places w, of rows x inputs, as the output columns first and following.
func (k *Kernels) pack(w []float32, rows, inputs, first int, out []float32) {
	C.otai_pack(k.ops, pointer(w), C.int64_t(rows), C.int64_t(inputs), C.int64_t(first), pointer(out))
}

// gemm computes the panels from..to of out = act(a * w + bias).
func (k *Kernels) gemm(rows int, a Matrix, w *Packed, out Matrix, from, to int, act Activation) {
	C.otai_gemm(k.ops, C.int64_t(rows), C.int64_t(w.inputs), pointer(a.Data), C.int64_t(a.Stride), pointer(w.panels),
		pointer(w.bias), pointer(out.Data), C.int64_t(out.Stride), C.int64_t(from), C.int64_t(to), C.int(act))
}

// pause lets a core rest for a microsecond without giving it up.
func pause() { C.otai_pause() }

// Attend computes the attention of one head of width head over a sequence of
// that length: softmax(q*kᵀ*scale)*v. The matrices begin at the head's first
// column; q, k and v have the same stride. scratch has at least AttendScratch
// values and comes from [Floats].
func (k *Kernels) Attend(length, head int, q, key, value, out Matrix, scale float32, scratch []float32) {
	C.otai_attend(k.ops, C.int64_t(length), C.int64_t(head), pointer(q.Data), pointer(key.Data), pointer(value.Data),
		C.int64_t(q.Stride), pointer(out.Data), C.int64_t(out.Stride), C.float(scale), pointer(scratch))
}

// AttendScratch returns how many values of scratch Attend needs.
func (k *Kernels) AttendScratch(length, head int) int {
	return int(C.otai_attend_scratch(k.ops, C.int64_t(length), C.int64_t(head)))
}

// AddNorm computes x = layernorm(x+y)*gamma + beta over rows of len(gamma)
// values. y without data adds nothing.
func (k *Kernels) AddNorm(rows int, x, y Matrix, gamma, beta []float32, epsilon float32) {
	C.otai_add_norm(k.ops, C.int64_t(rows), C.int64_t(len(gamma)), pointer(x.Data), C.int64_t(x.Stride),
		pointer(y.Data), C.int64_t(y.Stride), pointer(gamma), pointer(beta), C.float(epsilon))
}

// RunFMA runs multiply-adds that touch no memory and returns the number of
// floating point operations: the machine's peak, for a benchmark to compare with.
func (k *Kernels) RunFMA(rounds int) int {
	var sink C.float
	return int(C.otai_fma_loop(k.ops, C.int64_t(rounds), &sink))
}
