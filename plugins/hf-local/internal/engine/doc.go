// Package engine computes what transformer encoders are made of, on the CPU, in
// float32.
//
// The kernels are C: one body (kernels_body.h) over a vector type, compiled once
// for AVX-512, AVX2 with FMA, SSE2 and any other CPU. [New] chooses what the
// machine can run, or what a test forces. The three expensive steps are
//
//   - [Kernels.Linear]: a matrix product with a [Packed] weight matrix, whose
//     layout is the order in which the kernel reads it, with bias and activation
//     applied while the result is still in registers or the nearest cache;
//   - [Kernels.Attend]: attention of one head of one sequence;
//   - [Kernels.AddNorm]: residual connection and layer normalization.
//
// What other encoders than BERT need besides is in kernels_relative.h and
// attention_relative.go: attention in a window or with relative positions, rotary positions,
// gates.
//
// Sequences of a batch lie below each other in one matrix, without padding.
// [Threads] bounds how many goroutines compute at once, and [Arena] holds weights
// outside of the Go heap, in huge pages where the system gives them.
//
// The approach (panels of packed weights, a tile of the result in registers) is
// that of Goto and van de Geijn, Anatomy of High-Performance Matrix
// Multiplication, 2008.
package engine
