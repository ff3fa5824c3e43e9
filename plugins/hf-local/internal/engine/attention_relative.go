package engine

// #include "kernels.h"
import "C"

import "unsafe"

// Everywhere is the window of attention that sees the whole sequence.
const Everywhere = -1

// Positions is what relative positions add to attention's scores, which for
// query i and key j is
//
//	OfKey[i][KeyColumn[length-1+i-j]] + OfQuery[j][QueryColumn[length-1+i-j]]
//
// Both matrices have the same stride; one without data adds nothing.
type Positions struct {
	OfKey, OfQuery         Matrix
	KeyColumn, QueryColumn []int32
}

// AttendNear is [Kernels.Attend] where a query sees only the keys that are at
// most window away, and p, unless it is nil, is added to the scores. scratch has
// at least AttendNearScratch values and comes from [Floats].
func (k *Kernels) AttendNear(length, head int, q, key, value, out Matrix, scale float32, window int, p *Positions, scratch []float32) {
	if p == nil {
		p = &Positions{}
	}
	C.otai_attend_near(k.ops, C.int64_t(length), C.int64_t(head), pointer(q.Data), pointer(key.Data), pointer(value.Data),
		C.int64_t(q.Stride), pointer(out.Data), C.int64_t(out.Stride), C.float(scale), C.int64_t(window),
		pointer(p.OfKey.Data), pointer(p.OfQuery.Data), C.int64_t(max(p.OfKey.Stride, p.OfQuery.Stride)),
		indexes(p.KeyColumn), indexes(p.QueryColumn), pointer(scratch))
}

func indexes(s []int32) *C.int32_t { return (*C.int32_t)(unsafe.Pointer(unsafe.SliceData(s))) }

// AttendNearScratch returns how many values of scratch AttendNear needs.
func (k *Kernels) AttendNearScratch(length, head, window int) int {
	return int(C.otai_attend_near_scratch(k.ops, C.int64_t(length), C.int64_t(head), C.int64_t(window)))
}

// LinearPart computes, on the caller's thread, the outputs first up to next of
// out = in*wᵀ + bias, and some beside them: whole panels are written.
func (k *Kernels) LinearPart(rows int, in Matrix, w *Packed, out Matrix, first, next int) {
	k.gemm(rows, in, w, out, first/k.panel, k.wide(next)/k.panel, Identity)
}

// Rotate turns the pairs (x[d], x[d+half]) of every head of width 2*half by
// angles (Su et al., RoFormer, 2021): row r by those whose half cosines and sines
// begin at r*half.
func (k *Kernels) Rotate(rows, heads, half int, x Matrix, cosines, sines []float32) {
	C.otai_rotate(k.ops, C.int64_t(rows), C.int64_t(heads), C.int64_t(half), pointer(x.Data), C.int64_t(x.Stride),
		pointer(cosines), pointer(sines))
}

// Add computes x += y over rows of width values.
func (k *Kernels) Add(rows, width int, x, y Matrix) {
	C.otai_add(k.ops, C.int64_t(rows), C.int64_t(width), pointer(x.Data), C.int64_t(x.Stride), pointer(y.Data), C.int64_t(y.Stride))
}

// Multiply computes x *= y over rows of width values.
func (k *Kernels) Multiply(rows, width int, x, y Matrix) {
	C.otai_multiply(k.ops, C.int64_t(rows), C.int64_t(width), pointer(x.Data), C.int64_t(x.Stride), pointer(y.Data), C.int64_t(y.Stride))
}
