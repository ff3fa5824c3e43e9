// The kernels' one interface, filled once per instruction set.
#ifndef OTAI_KERNELS_H
#define OTAI_KERNELS_H

#include <stdint.h>

enum otai_isa { OTAI_GENERIC, OTAI_SSE2, OTAI_AVX2, OTAI_AVX512 };

enum otai_activation {
	OTAI_IDENTITY,
	OTAI_GELU,
	OTAI_GELU_TANH,
	OTAI_QUICK_GELU,
	OTAI_RELU,
	OTAI_SILU,
	OTAI_TANH,
};

// What relative positions add to the score of query i and key j:
//   of_key[i][key_column[length-1 + i-j]] + of_query[j][query_column[length-1 + i-j]]
// Both matrices have the stride; either may be NULL.
struct otai_positions {
	const float *of_key, *of_query;
	int64_t stride;
	const int32_t *key_column, *query_column;
};

// Matrices are row-major float32; a stride counts floats from row to row.
// "Packed" is the layout of a weight matrix that gemm reads: panels of `panel`
// output columns, each panel holding for every input k its `panel` weights side
// by side.
struct otai_kernels {
	int64_t panel;

	// pack places `rows` rows of w[rows][inputs] as output columns
	// first..first+rows of the packed matrix out.
	void (*pack)(const float *w, int64_t rows, int64_t inputs, int64_t first, float *out);

	// gemm computes c = act(a * packed + bias) for `rows` rows and the panels
	// from..to. It writes whole panels. bias may be NULL.
	void (*gemm)(int64_t rows, int64_t inputs, const float *a, int64_t a_stride, const float *packed,
		const float *bias, float *c, int64_t c_stride, int64_t from, int64_t to, int activation);

	// attend computes softmax(q * k^T * scale) * v for one head of one
	// sequence. q, k and v have `stride` floats per row. scratch holds
	// attend_scratch floats and is aligned to 64 bytes.
	void (*attend)(int64_t length, int64_t head, const float *q, const float *k, const float *v, int64_t stride,
		float *out, int64_t out_stride, float scale, float *scratch);
	int64_t (*attend_scratch)(int64_t length, int64_t head);

	// add_norm computes x = layernorm(x + y) * gamma + beta, row by row. y may
	// be NULL.
	void (*add_norm)(int64_t rows, int64_t width, float *x, int64_t x_stride, const float *y, int64_t y_stride,
		const float *gamma, const float *beta, float epsilon);

	// The following are in kernels_relative.h.

	// attend_near is attend where a query sees only the keys whose distance is
	// at most window (all of them if it is negative), and where what positions
	// say, unless it is NULL, is added to the scores.
	void (*attend_near)(int64_t length, int64_t head, const float *q, const float *k, const float *v, int64_t stride,
		float *out, int64_t out_stride, float scale, int64_t window, const struct otai_positions *positions,
		float *scratch);
	int64_t (*attend_near_scratch)(int64_t length, int64_t head, int64_t window);

	// rotate turns the pairs (x[d], x[d+half]) of each head of one row by the
	// given angles.
	void (*rotate)(int64_t heads, int64_t half, float *x, const float *cosines, const float *sines);
	// add and multiply compute x = x + y and x = x * y, value by value.
	void (*add)(int64_t rows, int64_t width, float *x, int64_t x_stride, const float *y, int64_t y_stride);
	void (*multiply)(int64_t rows, int64_t width, float *x, int64_t x_stride, const float *y, int64_t y_stride);

	// fma_loop runs multiply-adds in registers only and returns how many
	// floating point operations that were. It is what a benchmark measures
	// the machine's peak with.
	int64_t (*fma_loop)(int64_t rounds, float *sink);
};

// Each is NULL where it was not compiled for this kind of CPU.
extern const struct otai_kernels *const otai_kernels_generic;
extern const struct otai_kernels *const otai_kernels_sse2;
extern const struct otai_kernels *const otai_kernels_avx2;
extern const struct otai_kernels *const otai_kernels_avx512;

// otai_kernels_for returns NULL when this CPU can't run them.
const struct otai_kernels *otai_kernels_for(int isa);

// Go can't call a C function pointer: these can.
void otai_pack(const struct otai_kernels *o, const float *w, int64_t rows, int64_t inputs, int64_t first, float *out);
void otai_gemm(const struct otai_kernels *o, int64_t rows, int64_t inputs, const float *a, int64_t a_stride,
	const float *packed, const float *bias, float *c, int64_t c_stride, int64_t from, int64_t to, int activation);
void otai_attend(const struct otai_kernels *o, int64_t length, int64_t head, const float *q, const float *k,
	const float *v, int64_t stride, float *out, int64_t out_stride, float scale, float *scratch);
int64_t otai_attend_scratch(const struct otai_kernels *o, int64_t length, int64_t head);
void otai_add_norm(const struct otai_kernels *o, int64_t rows, int64_t width, float *x, int64_t x_stride,
	const float *y, int64_t y_stride, const float *gamma, const float *beta, float epsilon);
void otai_attend_near(const struct otai_kernels *o, int64_t length, int64_t head, const float *q, const float *k,
	const float *v, int64_t stride, float *out, int64_t out_stride, float scale, int64_t window, const float *of_key,
	const float *of_query, int64_t position_stride, const int32_t *key_column, const int32_t *query_column, float *scratch);
int64_t otai_attend_near_scratch(const struct otai_kernels *o, int64_t length, int64_t head, int64_t window);
void otai_rotate(const struct otai_kernels *o, int64_t rows, int64_t heads, int64_t half, float *x, int64_t stride,
	const float *cosines, const float *sines);
void otai_add(const struct otai_kernels *o, int64_t rows, int64_t width, float *x, int64_t x_stride, const float *y,
	int64_t y_stride);
void otai_multiply(const struct otai_kernels *o, int64_t rows, int64_t width, float *x, int64_t x_stride, const float *y,
	int64_t y_stride);
void otai_pause(void);
int64_t otai_fma_loop(const struct otai_kernels *o, int64_t rounds, float *sink);

#endif
